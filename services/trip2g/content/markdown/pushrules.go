package markdown

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// mentionsRules matches a line that looks like a rule, whatever surrounds it.
var mentionsRules = regexp.MustCompile(`(?im)^[ \t]*["']?(exclude|include)["']?[ \t]*:`)

// namesRules matches the name of a rule in any YAML.
var namesRules = regexp.MustCompile(`(?i)\b(exclude|include)\b`)

// PushRules parses the keys exclude and include of the settings note. Unlike Parse, it fails on
// errors, because ignoring a rule would publish private notes. EINVALID names the line.
func PushRules(content string) (rules trip2g.PushRules, err error) {
	content = wellFormed(content)
	block, _, lines := cutFrontmatter(content)
	if lines == 0 {
		if mentionsRules.MatchString(content) {
			err = trip2g.Errorf(trip2g.EINVALID, "exclude and include do not count here: put them between a first line --- and another line ---")
		}
		return rules, err
	}
	mapping, err := parseYAML(block)
	switch {
	case err != nil && namesRules.MatchString(block):
		line, text := yamlFault(err)
		return rules, trip2g.Errorf(trip2g.EINVALID, "line %d is not valid YAML, so that its exclude and include do not count: %s (put patterns in quotation marks)", line, text)
	case err != nil:
		return rules, nil
	case mapping == nil || mapping.Kind != yaml.MappingNode:
		if namesRules.MatchString(block) {
			err = trip2g.Errorf(trip2g.EINVALID, "the frontmatter has no keys and values, so that its exclude and include do not count: put a space after each colon")
		}
		return rules, err
	}
	return rulesOf(mapping, namesRules.MatchString(block))
}

// rulesOf reads the rules of a frontmatter. named reports that it mentions rules, maybe not as
// keys.
func rulesOf(mapping *yaml.Node, named bool) (rules trip2g.PushRules, err error) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		name, value := mapping.Content[i], mapping.Content[i+1]
		key, _ := keyText(name)
		switch {
		case key == "<<" && named:
			return trip2g.PushRules{}, trip2g.Errorf(trip2g.EINVALID, "line %d merges other keys, so that exclude and include may not count: write them out", name.Line+1)
		case key != "exclude" && key != "include":
			continue
		case seen[key]:
			return trip2g.PushRules{}, trip2g.Errorf(trip2g.EINVALID, "%s is given again on line %d: write all patterns into one list", key, name.Line+1)
		}
		seen[key] = true
		list, err := patterns(key, value)
		if err != nil {
			return trip2g.PushRules{}, err
		}
		if key == "exclude" {
			rules.Exclude = list
			continue
		}
		if len(list) == 0 {
			return trip2g.PushRules{}, trip2g.Errorf(trip2g.EINVALID, "include on line %d is empty: list what to publish, or remove it to publish everything", name.Line+1)
		}
		rules.Include = list
	}
	return rules, nil
}

// patterns returns a pattern or a list of patterns.
func patterns(key string, n *yaml.Node) (list []string, err error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.ShortTag() == "!!null":
		return nil, nil
	case n.Kind == yaml.ScalarNode && (strings.Contains(strings.TrimSpace(n.Value), "\n") || strings.Contains(n.Value, ", ")):
		return nil, trip2g.Errorf(trip2g.EINVALID, "%s on line %d has more than one pattern: write a list, one pattern a line with - before it", key, n.Line+1)
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}, nil
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode || item.ShortTag() == "!!null" {
				return nil, trip2g.Errorf(trip2g.EINVALID, "%s on line %d has an entry that is not a pattern: write one pattern a line, in quotation marks", key, item.Line+1)
			}
			list = append(list, item.Value)
		}
		return list, nil
	}
	return nil, trip2g.Errorf(trip2g.EINVALID, "%s on line %d is neither a pattern nor a list of patterns", key, n.Line+1)
}
