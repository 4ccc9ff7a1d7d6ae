package markdown

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// Field is a key of a note's frontmatter with its value: a string or a bool, nil for a key that is to go.
type Field = struct {
	Key   string
	Value any
}

// SetFields returns a note's text with other values in its frontmatter. All else stays: keys that nobody
// here knows, their order, comments, and the text below. EINVALID for a frontmatter that cannot be read.
func SetFields(content string, values []Field) (string, error) {
	content = strings.TrimPrefix(wellFormed(content), "\uFEFF")
	block, body, lines := cutFrontmatter(content)
	if lines == 0 && unclosedFields(content) != "" {
		// With a frontmatter before it, what it says about access would be text.
		return "", trip2g.Errorf(trip2g.EINVALID, "the frontmatter is never closed and cannot be changed here: close it with a line --- first")
	}
	if len(block) > maxFrontmatter {
		return "", trip2g.Errorf(trip2g.ETOOLARGE, "the frontmatter has %d bytes; at most %d are read", len(block), maxFrontmatter)
	}
	mapping, err := parseYAML(block)
	switch {
	case err != nil:
		return "", trip2g.Errorf(trip2g.EINVALID, "the frontmatter is no valid YAML and cannot be changed here: mend it as text first")
	case mapping == nil:
		mapping = &yaml.Node{Kind: yaml.MappingNode}
	case mapping.Kind != yaml.MappingNode:
		return "", trip2g.Errorf(trip2g.EINVALID, "the frontmatter is no list of keys and values and cannot be changed here: mend it as text first")
	}
	for _, f := range values {
		setField(mapping, f)
	}
	if len(mapping.Content) == 0 {
		return body, nil
	}
	text, err := writeYAML(mapping)
	if err != nil {
		return "", err
	}
	return "---\n" + text + "---\n" + body, nil
}

// setField returns a key its value, where it is or at the end. Of a key that is there twice, or in another
// letter case, one stays.
func setField(mapping *yaml.Node, f Field) {
	wanted := f.Value != nil
	kept := mapping.Content[:0]
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if !strings.EqualFold(key.Value, f.Key) {
			kept = append(kept, key, value)
		} else if wanted {
			comment := value.LineComment
			value = scalar(f.Value)
			value.LineComment = comment
			kept = append(kept, key, value)
			wanted = false
		}
	}
	if wanted {
		kept = append(kept, scalar(f.Key), scalar(f.Value))
	}
	mapping.Content = kept
}

func scalar(value any) *yaml.Node {
	node := &yaml.Node{}
	if err := node.Encode(value); err != nil {
		panic(err) // strings and bools can always be written
	}
	return node
}

// writeYAML fails for a mapping that, without what was taken out of it, is none any more: one that refers
// to an anchor that has gone.
func writeYAML(mapping *yaml.Node) (text string, err error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	fault := contain(func() { err = encoder.Encode(mapping) })
	if fault == nil && err == nil {
		_, err = parseYAML(out.String())
	}
	if fault != nil || err != nil {
		return "", trip2g.Errorf(trip2g.EINVALID, "the frontmatter cannot be written without what is taken out of it: change it as text")
	}
	return out.String(), nil
}
