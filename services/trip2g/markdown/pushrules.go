package markdown

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// mentionsRules finds a line that is meant to be a rule, whatever surrounds it.
var mentionsRules = regexp.MustCompile(`(?im)^[ \t]*["']?(exclude|include)["']?[ \t]*:`)

// PushRules reads the keys exclude and include from the text of the note with the site's settings.
// Unlike Parse it fails at what it does not understand: to go on without a rule would publish what
// the rule keeps private. EINVALID names the line.
func PushRules(content string) (rules trip2g.PushRules, err error) {
	block, _, lines := cutFrontmatter(content)
	if lines == 0 {
		block = leadingBlock(content)
	}
	if !mentionsRules.MatchString(block) {
		return rules, nil
	}
	if lines == 0 {
		return rules, trip2g.Errorf(trip2g.EINVALID, "the frontmatter has no end, so that its exclude and include do not count: close it with a line ---")
	}
	mapping, err := parseYAML(block)
	if err != nil {
		line, text := yamlFault(err)
		return rules, trip2g.Errorf(trip2g.EINVALID, "line %d is not valid YAML, so that its exclude and include do not count: %s (put patterns in quotation marks)", line, text)
	}
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return rules, trip2g.Errorf(trip2g.EINVALID, "the frontmatter has no keys and values, so that its exclude and include do not count: put a space after each colon")
	}
	values := newFields(mapping, func(int, string, ...any) {}).values
	if rules.Exclude, err = patterns("exclude", values["exclude"]); err != nil {
		return trip2g.PushRules{}, err
	}
	rules.Include, err = patterns("include", values["include"])
	return rules, err
}

// leadingBlock returns what follows a first line "---" that nothing closes.
func leadingBlock(content string) string {
	if first, rest, _ := strings.Cut(content, "\n"); isFence(first) {
		return rest
	}
	return ""
}

// patterns reads a pattern or a list of patterns.
func patterns(key string, n *yaml.Node) (list []string, err error) {
	switch {
	case n == nil, n.ShortTag() == "!!null":
		return nil, nil
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
