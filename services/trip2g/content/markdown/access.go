package markdown

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// accessKeys are the frontmatter keys that set a note's access, in the order used in warnings.
var accessKeys = []string{"draft", "publish", "subgraph", "subgraphs", "free"}

// Levels set by the flags among them. A typo must not make a note more visible.
var (
	whenFalse = map[string]trip2g.NoteAccess{"publish": trip2g.NotShown, "free": trip2g.ForMembers, "draft": trip2g.Unspecified}
	whenTrue  = map[string]trip2g.NoteAccess{"publish": trip2g.Public, "free": trip2g.Public, "draft": trip2g.NotShown}
	whenEmpty = map[string]trip2g.NoteAccess{"publish": trip2g.ForMembers, "free": trip2g.ForMembers, "draft": trip2g.Unspecified}
	unclear   = map[string]string{
		"publish": "is neither true nor false, and is taken as false: the note is not shown",
		"free":    "is neither true nor false, and is taken as false: the note is for members",
		"draft":   "is neither true nor false, and is taken as true: the note is not shown",
	}
	whenUnclear = map[string]trip2g.NoteAccess{"publish": trip2g.NotShown, "free": trip2g.ForMembers, "draft": trip2g.NotShown}
)

const emptyAccess = "has no value: the note is for members"

// levelNames complete "the note is …" in warnings.
var levelNames = map[trip2g.NoteAccess]string{
	trip2g.Public: "public", trip2g.ForMembers: "for members", trip2g.ForGroups: "for members of its groups", trip2g.NotShown: "not shown",
}

// accessReader collects the access keys of one frontmatter.
type accessReader struct {
	warn   func(line int, format string, args ...any)
	levels map[string]trip2g.NoteAccess // the most private level that each key sets
	lines  map[string]int               // of the note, by key
	groups []string
}

func newAccessReader(warn func(int, string, ...any)) *accessReader {
	return &accessReader{warn: warn, levels: make(map[string]trip2g.NoteAccess), lines: make(map[string]int)}
}

// add records a key's value. texts is nil for a value that is neither a text nor a list of texts.
func (r *accessReader) add(key string, line int, empty bool, texts []string) {
	r.lines[key] = line
	level := trip2g.Unspecified
	switch {
	case strings.HasPrefix(key, "subgraph"):
		level = r.group(key, line, empty, texts)
	case empty:
		if level = whenEmpty[key]; level != trip2g.Unspecified {
			r.warn(line, "%s %s", key, emptyAccess)
		}
	default:
		level = r.flag(key, line, texts)
	}
	r.levels[key] = max(r.levels[key], level)
}

func (r *accessReader) flag(key string, line int, texts []string) trip2g.NoteAccess {
	if len(texts) == 1 {
		switch yes, ok := boolean(texts[0]); {
		case ok && yes:
			return whenTrue[key]
		case ok:
			return whenFalse[key]
		}
	}
	r.warn(line, "%s %s", key, unclear[key])
	return whenUnclear[key]
}

func (r *accessReader) group(key string, line int, empty bool, texts []string) trip2g.NoteAccess {
	if empty {
		return trip2g.ForMembers
	}
	if len(texts) == 0 {
		r.warn(line, "%s is neither a group's name nor a list of such: the note is for the owner alone", key)
	}
	r.groups = append(r.groups, texts...)
	return trip2g.ForGroups
}

// access returns the most private level of all keys. free: true makes the keys of groups
// irrelevant.
func (r *accessReader) access() trip2g.Access {
	if r.levels["free"] == trip2g.Public {
		delete(r.levels, "subgraph")
		delete(r.levels, "subgraphs")
	}
	var out trip2g.Access
	for _, level := range r.levels {
		out.Level = max(out.Level, level)
	}
	if out.Level == trip2g.ForGroups {
		out.Groups = trip2g.NewGroups(r.groups...)
	}
	for _, key := range accessKeys {
		switch level := r.levels[key]; {
		case level == trip2g.Public && out.Level != trip2g.Public:
			r.warn(r.lines[key], "%s: true is overruled by what another key says: the note is %s", key, levelNames[out.Level])
		case level == trip2g.ForMembers && out.Level == level && strings.HasPrefix(key, "subgraph"):
			r.warn(r.lines[key], "%s %s", key, emptyAccess)
		}
	}
	return out
}

// access returns the access that the frontmatter sets. Every occurrence of a repeated key counts.
func (f *fields) access() trip2g.Access {
	r := newAccessReader(f.warn)
	for _, key := range accessKeys {
		for _, n := range f.every(key) {
			r.add(key, n.Line+1, isNothing(n, 0), accessTexts(n))
		}
	}
	if f.unclear > 0 {
		f.warn(f.unclear+1, "the keys that << merges cannot be read, and may say who may read the note: the note is not shown; write them out")
		r.levels[mergeKey] = trip2g.NotShown
	}
	return r.access()
}

// accessTexts returns the texts of a value. A value with a custom YAML tag has none, because the
// tag changes its meaning.
func accessTexts(n *yaml.Node) []string {
	if tag := n.ShortTag(); n.Kind == yaml.ScalarNode && strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		return nil
	}
	return scalars(n, 0)
}

// isNothing reports whether a value is null, an empty text, or a list or mapping of such values.
func isNothing(n *yaml.Node, depth int) bool {
	switch {
	case n == nil:
		return true
	case depth > maxNesting:
		return false
	case n.Kind == yaml.AliasNode:
		return isNothing(n.Alias, depth+1)
	case n.Kind == yaml.ScalarNode:
		return n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == ""
	}
	return len(n.Content) <= maxItems && !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return !isNothing(item, depth+1) })
}

var (
	// accessLine matches an access key with its value, which can continue on the following lines.
	accessLine = regexp.MustCompile(`(?mi)^[ \t]*["']?(publish|free|draft|subgraphs?)["']?[ \t]*:(.*(?:\n(?:[ \t]+\S|-\s).*)*)`)
	// accessInside matches an access key elsewhere than at the start of a line, as in a flow
	// mapping.
	accessInside = regexp.MustCompile(`(?mi)(?:[{,]|^[ \t]*\?[ \t])\s*["']?(?:publish|free|draft|subgraphs?)["']?\s*:`)
	// settingsAccess matches the key of the default access, in the settings note.
	settingsAccess = regexp.MustCompile(`(?mi)(?:^|[{,])\s*["']?access["']?[ \t]*:`)
)

// salvageAccess reads the restrictions in a frontmatter with a syntax error, so that an error in
// one key does not publish what another one withholds. It never makes the note public. found
// reports whether there is such a key.
func salvageAccess(doc *trip2g.Document, block string, warn func(int, string, ...any)) (found bool) {
	r := newAccessReader(warn)
	line := 2 // line of the note at which the rest of the block begins
	for rest := block; ; {
		m := accessLine.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		found = true
		line += strings.Count(rest[:m[0]], "\n")
		key := strings.ToLower(rest[m[2]:m[3]])
		values := lineValues(key, rest[m[4]:m[5]])
		r.add(key, line, len(values) == 0, values)
		line += strings.Count(rest[m[0]:m[1]], "\n")
		rest = rest[m[1]:]
	}
	maps.DeleteFunc(r.levels, func(_ string, level trip2g.NoteAccess) bool { return level == trip2g.Public })
	doc.Access = r.access()
	return found
}

// salvage is salvageAccess for a block that is certainly a frontmatter, including the settings
// note's.
func salvage(doc *trip2g.Document, block string, warn func(int, string, ...any)) {
	if !salvageAccess(doc, block, warn) && accessInside.MatchString(block) {
		doc.Access.Level = trip2g.ForMembers
		warn(2, "the frontmatter seems to say who may read the note, which cannot be read: the note is for members")
	}
	if doc.Settings != nil && settingsAccess.MatchString(block) {
		doc.Settings.Access = trip2g.AccessMembers
		warn(2, "access cannot be read: notes that do not say who may read them are for members")
	}
}

var comment = regexp.MustCompile(`\s#.*`)

// lineValues returns the texts after a key's colon, roughly as YAML would parse them.
func lineValues(key, text string) []string {
	text = strings.TrimSpace(comment.ReplaceAllString(" "+text, ""))
	if text == "~" || strings.EqualFold(text, "null") {
		return nil
	}
	if !strings.HasPrefix(key, "subgraph") {
		if text = strings.Trim(text, ` "'`); text == "" {
			return nil
		}
		return []string{text}
	}
	var names []string
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[],\n", r) }) {
		name = strings.TrimPrefix(strings.TrimSpace(name), "- ")
		if name = strings.Trim(name, ` "'`); name != "" && len(names) < maxItems {
			names = append(names, name)
		}
	}
	return names
}

// siteAccess returns the default access of the site.
func (f *fields) siteAccess() trip2g.SiteAccess {
	all := f.every("access")
	if f.unclear > 0 {
		f.warn(f.unclear+1, "the keys that << merges cannot be read: notes that do not say who may read them are for members")
		return trip2g.AccessMembers
	}
	if len(all) == 0 {
		return trip2g.AccessNotChosen
	}
	chosen := trip2g.AccessEveryone
	for _, n := range all {
		texts := accessTexts(n)
		access, ok := trip2g.AccessNotChosen, false
		if len(texts) == 1 {
			access, ok = trip2g.ParseSiteAccess(texts[0])
		}
		if !ok {
			f.warn(n.Line+1, "access must be everyone or members: notes that do not say who may read them are for members")
			access = trip2g.AccessMembers
		}
		chosen = min(chosen, access)
	}
	return chosen
}
