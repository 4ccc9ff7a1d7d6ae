package markdown

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Limits of one value.
const (
	maxItems   = 256     // of a list
	maxScalar  = 4 << 10 // bytes of a text
	maxNesting = 4       // of lists, aliases and merges
	maxMerged  = 1024    // merged into a frontmatter
)

// fields contains a frontmatter's keys, in any letter case, and their values. Lookups never fail: a
// value of an unexpected type is empty.
type fields struct {
	values map[string]*yaml.Node
	before map[string][]*yaml.Node // of repeated keys, all values but the last
	warn   func(line int, format string, args ...any)

	merged  int // keys so far
	unclear int // line of the YAML with an invalid merge; 0: none
}

// newFields reads a mapping and the mappings merged into it. The last of two equal keys counts, as
// in most YAML parsers, and the mapping's own keys override merged ones.
func newFields(mapping *yaml.Node, warn func(int, string, ...any)) *fields {
	f := &fields{values: make(map[string]*yaml.Node), before: make(map[string][]*yaml.Node), warn: warn}
	f.read(mapping, 0)
	return f
}

// every returns all values of a key in order.
func (f *fields) every(key string) []*yaml.Node {
	last, ok := f.values[key]
	if !ok {
		return nil
	}
	return append(slices.Clip(f.before[key]), last)
}

// warnKey warns of a key's value. The frontmatter begins on the note's second line.
func (f *fields) warnKey(key, what string) {
	f.warn(f.values[key].Line+1, "%s %s", key, what)
}

// scalars returns the texts in a value, including those of nested lists; null is none.
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

// all returns the texts of a key. It warns of a value that is not empty but has no text.
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

// list returns the texts of a key. A single text is split at separator, unless that is "".
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

// flag returns a boolean, or otherwise if the key has none.
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

// boolean parses a boolean in the words of YAML 1.1 and 1.2.
func boolean(value string) (yes, ok bool) {
	switch strings.ToLower(value) {
	case "false", "no", "off", "n", "0":
		return false, true
	case "true", "yes", "on", "y", "1":
		return true, true
	}
	return false, false
}

// layouts are the formats of times used in vaults. Times without a zone are in UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04",
	time.DateOnly, "2006/01/02", "02.01.2006",
}

// time returns the time of the first of some keys that has one, else the zero time.
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
