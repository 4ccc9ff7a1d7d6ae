package markdown

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// Field is a frontmatter key and its value: a string or a bool, nil to remove the key.
type Field = struct {
	Key   string
	Value any
}

// SetFields returns a note's text with changed frontmatter values. It keeps unknown keys, their
// order, comments, and the text below. EINVALID for an invalid frontmatter.
func SetFields(content string, values []Field) (string, error) {
	content = strings.TrimPrefix(wellFormed(content), "\uFEFF")
	block, body, lines := cutFrontmatter(content)
	if lines == 0 && unclosedFields(content) != "" {
		// After a new frontmatter, its access keys would be text.
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

// setField sets a key in place or at the end. Of a repeated key, also in other letter case, one
// stays.
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
		panic(err) // strings and bools can always be encoded
	}
	return node
}

// writeYAML encodes a mapping. It fails if the change removed an anchor that the rest refers to.
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
