package markdown

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// maxFrontmatter limits a frontmatter, in bytes.
const maxFrontmatter = 256 << 10

// parseFrontmatter splits a note into its typed frontmatter and the text after it.
func parseFrontmatter(notePath, content string) *trip2g.Document {
	doc := &trip2g.Document{}
	if notePath == trip2g.SettingsPath {
		doc.Settings = &trip2g.Settings{}
	}
	content = strings.TrimPrefix(content, "\uFEFF")
	block, body, lines := cutFrontmatter(content)
	doc.Body, doc.BodyLine = body, lines+1
	warn := func(line int, format string, args ...any) {
		doc.Warnings = append(doc.Warnings, trip2g.Warning{Path: notePath, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	if lines == 0 {
		readUnclosed(doc, content, warn)
		return doc
	}
	if len(block) > maxFrontmatter {
		warn(1, "the frontmatter has %d bytes and is left out, but for who may read the note; at most %d are read", len(block), maxFrontmatter)
		salvage(doc, block, warn)
		return doc
	}
	mapping, err := parseYAML(block)
	switch {
	case err != nil:
		line, text := yamlFault(err)
		warn(line, "the frontmatter is no valid YAML and is left out, but for who may read the note: %s", text)
		doc.Warnings[len(doc.Warnings)-1].Level = trip2g.LevelCritical
		salvage(doc, block, warn)
	case mapping == nil:
	case mapping.Kind != yaml.MappingNode:
		// Not a mapping: two thematic breaks with text between them.
		doc.Body, doc.BodyLine = content, 1
		if salvageAccess(doc, block, warn) {
			warn(1, "the frontmatter has no keys and values, so that it is shown as text, with what it says of who may read the note heeded; put a space after each colon")
		}
	default:
		f := newFields(mapping, warn)
		readFields(doc, f)
		if notePath == trip2g.SettingsPath {
			readSettings(doc, f)
		}
	}
	return doc
}

// cutFrontmatter returns the YAML between a first line "---" and the next such line or "...", the
// end of a YAML document. lines is the number of the note's lines before the body; 0 without a
// frontmatter.
func cutFrontmatter(content string) (block, body string, lines int) {
	first, rest, found := strings.Cut(content, "\n")
	if !found || !isFence(first) {
		return "", content, 0
	}
	keyed := beginsWithField(rest) // otherwise "..." is text below a thematic break
	lines = 1
	for at := 0; at < len(rest); {
		line, _, more := strings.Cut(rest[at:], "\n")
		lines++
		if isFence(line) || keyed && isEnd(line) {
			return rest[:at], rest[min(at+len(line)+1, len(rest)):], lines
		}
		if !more {
			break
		}
		at += len(line) + 1
	}
	return "", content, 0
}

func isFence(line string) bool { return strings.TrimRight(line, " \t\r") == "---" }

func isEnd(line string) bool { return strings.TrimRight(line, " \t\r") == "..." }

// readUnclosed applies the access keys of a frontmatter that is never closed. The note is shown
// whole, because it may also begin with a thematic break.
func readUnclosed(doc *trip2g.Document, content string, warn func(int, string, ...any)) {
	if block := unclosedFields(content); block != "" {
		warn(1, "the frontmatter is never closed, so that it is shown as text, with what it says of who may read the note heeded; close it with a line ---, or leave the next line empty if it is text")
		salvage(doc, block, warn)
	}
}

// unclosedFields returns the keys and values below an unclosed first line "---", "" without any.
func unclosedFields(content string) string {
	first, rest, _ := strings.Cut(content, "\n")
	if !isFence(first) {
		return ""
	}
	return leadingFields(rest)
}

// maxKey limits the position of the first colon in a line, in bytes, as YAML 1.2.2 does for
// implicit keys.
const maxKey = 1024

var (
	fieldLine     = regexp.MustCompile(`^(?:[^\s#>|-].*?:(?:\s|$)|["']?(?i:publish|free|draft|subgraphs?)["']?[ \t]*:)`)
	continuedLine = regexp.MustCompile(`^(?:[ \t]+\S|-\s|#)`) // the rest of a value, or a comment
)

// isField reports whether a line looks like a key with its value.
func isField(line string) bool { return fieldLine.MatchString(line[:min(len(line), maxKey)]) }

// leadingFields returns the first lines of a text that look like keys and values, "" if none does.
func leadingFields(text string) string {
	text = text[:min(len(text), maxFrontmatter)]
	end := 0
	for line := range strings.Lines(text) {
		if !isField(line) && !continuedLine.MatchString(line) {
			break
		}
		end += len(line)
	}
	if !beginsWithField(text[:end]) {
		return ""
	}
	return text[:end]
}

// beginsWithField reports whether the first line that is neither empty nor a comment looks like a
// key with its value.
func beginsWithField(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return isField(line)
		}
	}
	return false
}

// parseYAML returns the root of the first document, nil without one. It does not follow aliases, so
// the size cannot explode.
func parseYAML(block string) (root *yaml.Node, err error) {
	var document yaml.Node
	fault := contain(func() { err = yaml.Unmarshal([]byte(block), &document) })
	switch {
	case fault != nil:
		return nil, errors.New("it could not be read")
	case err != nil:
		return nil, err
	case len(document.Content) == 0 || document.Content[0].ShortTag() == "!!null":
		return nil, nil
	}
	return document.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)

// yamlFault returns the note's line and the message in an error of the YAML package.
func yamlFault(err error) (line int, text string) {
	message, _, _ := strings.Cut(err.Error(), "\n")
	m := yamlLine.FindStringSubmatch(message)
	n, _ := strconv.Atoi(m[1])
	return n + 1, m[2]
}

// readFields reads the known keys of a frontmatter.
func readFields(doc *trip2g.Document, f *fields) {
	doc.Title = oneLine(f.text("title"), maxTitle)
	doc.Description = oneLine(f.text("description"), 2*maxTitle)
	doc.Lang = f.language("lang")
	doc.Slug = f.path("slug")
	doc.ContentType = f.contentType("content_type")
	doc.Permalink = f.path("permalink")
	doc.Aliases = append(f.list("aliases", ""), f.list("alias", "")...)
	for _, tag := range append(f.list("tags", ","), f.list("tag", ",")...) {
		if tag = strings.TrimPrefix(tag, "#"); tag != "" {
			doc.Tags = append(doc.Tags, tag)
		}
	}
	doc.Access = f.access()
	doc.CreatedAt = f.time("created", "date")
	doc.UpdatedAt = f.time("updated", "modified")
	doc.Classes = f.identifiers("cssclasses", "cssclass")
	doc.Image = f.picture(doc, "image", "cover", "banner")
	doc.Languages = f.translations()
}

// readSettings reads the site settings of a frontmatter.
func readSettings(doc *trip2g.Document, f *fields) {
	*doc.Settings = trip2g.Settings{
		Title:       oneLine(f.text("title"), maxTitle),
		Home:        oneLine(reference(f.text("home")), trip2g.MaxPathLength),
		Description: oneLine(f.text("description"), 2*maxTitle),
		Lang:        f.language("lang"),
		Footer:      oneLine(f.text("footer"), 2*maxTitle),
		Stylesheet:  f.file(doc, "stylesheet"),
		Icon:        f.file(doc, "icon"),
		Image:       f.picture(doc, "image", "cover", "banner"),
		HardBreaks:  f.flag("hard_breaks", false),
		RawHTML:     f.flag("raw_html", false),
		HideGraph:   !f.flag("graph", true),
		NoIndex:     !f.flag("index", true),
		Access:      f.siteAccess(),
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if text := unknownSetting(key); text != "" {
			f.warnKey(key, text)
		}
	}
}

// settingKeys are the additional keys of _settings.md.
var settingKeys = []string{
	"title", "home", "description", "lang", "footer", "stylesheet", "icon", "image", "cover", "banner", "hard_breaks", "raw_html", "graph",
	"index", "access", "exclude", "include",
}

// noteKeys are keys without meaning in the settings that editors and people write into any note.
var noteKeys = []string{"tags", "tag", "aliases", "alias", "publish", "free", "draft", "created", "updated", "date", "modified", "cssclasses", "cssclass"}

// farKey is the maximum edit distance of a suggested key.
const farKey = 2

// unknownSetting returns a warning for an unknown key, with a suggestion; "" for a known one.
func unknownSetting(key string) string {
	if slices.Contains(settingKeys, key) || slices.Contains(noteKeys, key) {
		return ""
	}
	nearest, distance := "", farKey+1
	for _, known := range settingKeys {
		if d := levenshtein.ComputeDistance(key, known); d < distance && d < len(known) {
			nearest, distance = known, d
		}
	}
	if nearest != "" {
		return fmt.Sprintf("is no setting of the site and is left out; did you mean %s?", nearest)
	}
	return "is no setting of the site and is left out"
}

// reference returns the target of a value: a path, or an Obsidian or Markdown link.
func reference(value string) string {
	value = strings.TrimPrefix(strings.TrimSpace(value), "!")
	if inner, ok := strings.CutPrefix(value, "[["); ok {
		inner, _, _ = strings.Cut(strings.TrimSuffix(inner, "]]"), "|")
		inner, _, _ = strings.Cut(inner, "#")
		return strings.TrimSpace(inner)
	}
	if m := markdownLink.FindStringSubmatch(value); m != nil {
		return decode(m[1] + m[2])
	}
	return value
}

var markdownLink = regexp.MustCompile(`^\[[^\]]*\]\((?:<([^>]*)>|([^)\s]*))[^)]*\)$`)

// file returns a reference to a file of the vault and adds it to the note's references.
func (f *fields) file(doc *trip2g.Document, key string) string {
	ref := reference(f.text(key))
	switch {
	case ref == "":
		return ""
	case isExternal(ref) || strings.HasPrefix(ref, "//"):
		f.warnKey(key, "must be a file of the vault: pages load nothing from elsewhere; it is left out")
		return ""
	case len(ref) > trip2g.MaxPathLength || strings.ContainsFunc(ref, unicode.IsControl):
		f.warnKey(key, "is too long or has a control character, and is left out")
		return ""
	}
	doc.AssetRefs = append(doc.AssetRefs, ref)
	return ref
}

// picture returns the first image reference of some keys: a URL, or a file of the vault, which it
// adds to the note's references.
func (f *fields) picture(doc *trip2g.Document, keys ...string) string {
	for _, key := range keys {
		ref := reference(f.text(key))
		if strings.HasPrefix(ref, "https://") || strings.HasPrefix(ref, "http://") {
			return ref
		}
		if ref = f.file(doc, key); ref != "" {
			return ref
		}
	}
	return ""
}

// identifiers returns the valid CSS identifiers in the lists of some keys. A text is split at
// spaces and commas.
func (f *fields) identifiers(keys ...string) []string {
	var names []string
	for _, key := range keys {
		for _, value := range f.all(key) {
			for _, name := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
				if !cssName.MatchString(name) {
					f.warnKey(key, fmt.Sprintf("has %q, which is no CSS class such as wide-page, and leaves it out", oneLine(name, 40)))
				} else if len(names) < maxClasses && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

const maxClasses = 32

var cssName = regexp.MustCompile(`^-?[_\p{L}][\p{L}\p{N}_-]{0,63}$`)

// translations returns the note's translations, from keys such as "lang-de" and the mappings
// "translations" and "hreflang".
func (f *fields) translations() map[string]string {
	found := make(map[string]string)
	add := func(tag string, value *yaml.Node) {
		texts := scalars(value, 0)
		if len(texts) == 0 || len(found) == maxItems {
			return
		}
		if !language.MatchString(tag) {
			f.warn(value.Line+1, "%s is no language tag such as en or pt-BR, and is left out", oneLine(tag, 40))
			return
		}
		found[strings.ToLower(tag)] = reference(texts[0])
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if tag, ok := strings.CutPrefix(key, "lang-"); ok {
			add(tag, f.values[key])
		}
	}
	for _, key := range []string{"translations", "hreflang"} {
		if n := f.values[key]; n != nil && n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				add(n.Content[i].Value, n.Content[i+1])
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// path returns a URL path, "" for an invalid value.
func (f *fields) path(key string) string {
	value := f.text(key)
	if len(value) > trip2g.MaxPathLength || strings.ContainsFunc(value, unicode.IsControl) {
		f.warnKey(key, "is too long or has a control character, and is left out")
		return ""
	}
	if strings.HasPrefix(value, "/") {
		return path.Clean(value)
	}
	return value
}

func (f *fields) language(key string) string {
	value := f.text(key)
	if value != "" && !language.MatchString(value) {
		f.warnKey(key, "is no language tag such as en or pt-BR, and is left out")
		return ""
	}
	return value
}
