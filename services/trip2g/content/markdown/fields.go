package markdown

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Limits on what is taken from one value.
const (
	maxItems   = 256     // of a list
	maxScalar  = 4 << 10 // bytes of a text
	maxNesting = 4       // lists in lists, aliases of aliases and merges in merges
	maxMerged  = 1024    // keys that are merged into a frontmatter
)

// fields are a frontmatter's keys, in any letter case, and their values. Whatever a value is,
// asking for it gives something or nothing, and never fails.
type fields struct {
	values map[string]*yaml.Node
	before map[string][]*yaml.Node // of keys that are there more than once, all but the last
	warn   func(line int, format string, args ...any)

	merged  int // keys so far
	unclear int // line of the YAML with a merge that cannot be read; 0: there is none
}

// newFields reads a mapping and what is merged into it. The last of two equal keys counts, as in most
// readers of YAML, and one that is merged counts less than the mapping's own.
func newFields(mapping *yaml.Node, warn func(int, string, ...any)) *fields {
	f := &fields{values: make(map[string]*yaml.Node), before: make(map[string][]*yaml.Node), warn: warn}
	f.read(mapping, 0)
	return f
}

// every returns all values of a key, in their order.
func (f *fields) every(key string) []*yaml.Node {
	last, ok := f.values[key]
	if !ok {
		return nil
	}
	return append(slices.Clip(f.before[key]), last)
}

// warnKey says what is wrong with a key's value. The frontmatter begins on the note's second line.
func (f *fields) warnKey(key, what string) {
	f.warn(f.values[key].Line+1, "%s %s", key, what)
}

// scalars returns the texts in a value, those of lists in lists too; null is none.
func scalars(n *yaml.Node, depth int) []string {
	switch {
	case n == nil || depth > maxNesting:
		return nil
	case n.Kind == yaml.AliasNode:
		return scalars(n.Alias, depth+1)
	case n.Kind == yaml.ScalarNode:
		value := strings.TrimSpace(n.Value)
		if n.ShortTag() == "!!null" || value == "" {
			return nil
		}
		if len(value) > maxScalar {
			value = strings.ToValidUTF8(value[:maxScalar], "")
		}
		return []string{value}
	case n.Kind != yaml.SequenceNode:
		return nil
	}
	var found []string
	for _, item := range n.Content[:min(len(n.Content), maxItems)] {
		if found = append(found, scalars(item, depth+1)...); len(found) >= maxItems {
			return found[:maxItems]
		}
	}
	return found
}

// all returns the texts of a key. A value that holds something, but no text, is named in a warning.
func (f *fields) all(key string) []string {
	n := f.values[key]
	found := scalars(n, 0)
	if n != nil && len(found) == 0 && len(n.Content) > 0 && n.Kind == yaml.MappingNode {
		f.warnKey(key, "is neither a text nor a list, and is left out")
	}
	return found
}

// text returns the first text of a key, "" if it has none.
func (f *fields) text(key string) string {
	if found := f.all(key); len(found) > 0 {
		return found[0]
	}
	return ""
}

// list returns the texts of a key. A single text is taken apart at separator, "" leaves it whole.
func (f *fields) list(key, separator string) []string {
	found := f.all(key)
	if len(found) != 1 || separator == "" {
		return found
	}
	var parts []string
	for part := range strings.SplitSeq(found[0], separator) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// flag returns a yes or no; otherwise if the key says neither.
func (f *fields) flag(key string, otherwise bool) bool {
	value := f.text(key)
	if value == "" {
		return otherwise
	}
	yes, ok := boolean(value)
	if !ok {
		f.warnKey(key, "is neither true nor false, and is left out")
		return otherwise
	}
	return yes
}

// boolean reads a yes or no, in the words of YAML 1.1 and 1.2.
func boolean(value string) (yes, ok bool) {
	switch strings.ToLower(value) {
	case "false", "no", "off", "n", "0":
		return false, true
	case "true", "yes", "on", "y", "1":
		return true, true
	}
	return false, false
}

// layouts are the ways to write a time that vaults use. Without a zone it is UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04",
	time.DateOnly, "2006/01/02", "02.01.2006",
}

// time returns the point in time that the first of some keys has, the zero time if none has one.
func (f *fields) time(keys ...string) time.Time {
	for _, key := range keys {
		value := f.text(key)
		if value == "" {
			continue
		}
		for _, layout := range layouts {
			if t, err := time.Parse(layout, value); err == nil {
				return t.UTC()
			}
		}
		f.warnKey(key, "is no date such as 2026-01-31, and is left out")
	}
	return time.Time{}
}
