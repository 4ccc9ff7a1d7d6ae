package markdown

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mergeKey is YAML 1.1's key that merges other mappings (https://yaml.org/type/merge.html).
const mergeKey = "<<"

// read adds the keys of a mapping after the merged ones, so that its own keys override them.
func (f *fields) read(mapping *yaml.Node, depth int) {
	for key, value := range keys(mapping) {
		if key == mergeKey {
			f.merge(value, depth+1)
		}
	}
	for key, value := range keys(mapping) {
		if depth > 0 {
			if f.merged++; f.merged > maxMerged {
				f.unclear = value.Line
				return
			}
		}
		if key == mergeKey {
			continue
		}
		if held, again := f.values[key]; again {
			f.before[key] = append(f.before[key], held)
		}
		f.values[key] = value
	}
}

// merge reads the value of a merge key: a mapping, or a list of mappings of which earlier ones
// override later ones.
func (f *fields) merge(n *yaml.Node, depth int) {
	switch {
	case depth > maxNesting || f.merged > maxMerged:
		f.unclear = n.Line
	case n.Kind == yaml.AliasNode:
		f.merge(n.Alias, depth+1)
	case n.Kind == yaml.MappingNode:
		f.read(n, depth)
	case n.Kind == yaml.SequenceNode:
		for _, item := range slices.Backward(n.Content) {
			f.merge(item, depth+1)
		}
	case n.ShortTag() != "!!null":
		f.unclear = n.Line
	}
}

// keys yields the text keys of a mapping in lower case, with their values.
func keys(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if key, ok := keyText(mapping.Content[i]); ok && !yield(key, mapping.Content[i+1]) {
				return
			}
		}
	}
}

// keyText returns a key in lower case; ok is false if it is not a text.
func keyText(key *yaml.Node) (text string, ok bool) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	return strings.ToLower(strings.TrimSpace(key.Value)), key.Kind == yaml.ScalarNode
}
