package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// maxRulesFile bounds a file with rules, in bytes.
const maxRulesFile = 1 << 20

// rules determine what is excluded. Everything in an excluded folder is excluded, as in git.
type rules struct {
	exclude   []pattern // of the command line and the settings
	include   []pattern
	templates map[string]string // by folded path of a folder: the rule
}

// ignoreFile holds the patterns of one file, and those of the folders around it.
type ignoreFile struct {
	folder   string // folded, with a "/" at its end; "" for the vault
	patterns []pattern
	around   *ignoreFile
}

// rule returns the rule that excludes a path, "" if none does. kept reports that an ignore file
// includes it explicitly; built-in rules do not apply then.
func (r *rules) rule(name string, isDir bool, in *ignoreFile) (rule string, kept bool) {
	key := trip2g.FoldPath(name)
	for _, p := range r.exclude {
		if p.matches(key, isDir) {
			return p.rule, false
		}
	}
	if p, ok := in.match(key, isDir); ok {
		if p.negate {
			return "", true
		}
		return p.rule, false
	}
	if isDir {
		return r.templates[key], false
	}
	return "", false
}

// match returns the pattern that applies to a path: the last match in the nearest file.
func (f *ignoreFile) match(key string, isDir bool) (pattern, bool) {
	for ; f != nil; f = f.around {
		inside := strings.TrimPrefix(key, f.folder)
		for _, p := range slices.Backward(f.patterns) {
			if p.matches(inside, isDir) {
				return p, true
			}
		}
	}
	return pattern{}, false
}

// includes reports whether the include patterns match a note. The settings note is always included.
func (r *rules) includes(name string) bool {
	if len(r.include) == 0 || name == trip2g.SettingsPath {
		return true
	}
	// A pattern for a folder applies to the notes in it.
	for part, isDir := name, false; part != "."; part, isDir = path.Dir(part), true {
		key := trip2g.FoldPath(part)
		if slices.ContainsFunc(r.include, func(p pattern) bool { return p.matches(key, isDir) }) {
			return true
		}
	}
	return false
}

// loadRules reads the rules for the whole vault. Unreadable rules are faults, because something
// private could be published without them.
func (w *walk) loadRules(o Options) {
	w.rules.exclude = w.patterns("--exclude", "--exclude", o.Exclude)
	w.loadSettings(o)
	w.rules.templates = map[string]string{}
	w.loadTemplates(".obsidian/templates.json", "folder")
	w.loadTemplates(".obsidian/plugins/templater-obsidian/data.json", "templates_folder")
}

// patterns parses a list of patterns. "!" has no meaning there.
func (w *walk) patterns(place, rule string, list []string) (out []pattern) {
	for _, text := range list {
		p, ok, err := parsePattern(text)
		switch {
		case err != nil:
			w.fault(place, "%q %v", text, err)
		case !ok || p.negate:
			w.fault(place, "%q is not a pattern: one that begins with ! or # belongs in a file %s", text, trip2g.IgnoreFile)
		default:
			p.rule = rule + " " + text
			out = append(out, p)
			w.expect(unmatched{pattern: p, path: place, text: text})
		}
	}
	return out
}

func (w *walk) loadSettings(o Options) {
	if o.Settings == nil {
		return
	}
	content, err := w.readRules(trip2g.SettingsPath)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var settings trip2g.PushRules
	if err == nil {
		settings, err = o.Settings(content)
	}
	if err != nil {
		w.fault(trip2g.SettingsPath, "%v", err)
		return
	}
	w.rules.exclude = append(w.rules.exclude, w.patterns(trip2g.SettingsPath, trip2g.SettingsPath+": exclude", settings.Exclude)...)
	w.rules.include = w.patterns(trip2g.SettingsPath, trip2g.SettingsPath+": include", settings.Include)
}

// loadTemplates finds the folder of templates in a configuration of Obsidian.
func (w *walk) loadTemplates(config, key string) {
	content, err := w.readRules(config)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	values := map[string]any{}
	if err == nil {
		err = json.Unmarshal([]byte(content), &values)
	}
	if err != nil {
		w.warn(trip2g.Warning{Path: config, Text: fmt.Sprintf("does not say which folder has templates, so that they may be published: %v", err)})
		return
	}
	text, _ := values[key].(string)
	if folder := path.Clean(strings.Trim(strings.TrimSpace(text), "/")); folder != "." {
		w.rules.templates[trip2g.FoldPath(folder)] = "folder of templates (" + config + ")"
	}
}

// ignoreFileOf returns the ignore file of a folder, which is read once; around if it has none.
func (w *walk) ignoreFileOf(dir string, around *ignoreFile) *ignoreFile {
	f, known := w.ignoreFiles[dir]
	if !known {
		f = w.loadIgnoreFile(dir, around)
		w.ignoreFiles[dir] = f
	}
	return f
}

func (w *walk) loadIgnoreFile(dir string, around *ignoreFile) *ignoreFile {
	name := path.Join(dir, trip2g.IgnoreFile)
	content, err := w.readRules(name)
	if errors.Is(err, fs.ErrNotExist) {
		return around
	}
	if err != nil {
		w.fault(name, "%v", err)
		return around
	}
	f := &ignoreFile{around: around}
	if dir != "." {
		f.folder = trip2g.FoldPath(dir) + "/"
	}
	number := 0
	for line := range strings.Lines(trip2g.UnifyLineEnds(content)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		p, ok, err := parsePattern(line)
		place := fmt.Sprintf("%s:%d", name, number)
		if err != nil {
			w.fault(place, "%q %v", line, err)
		}
		if ok {
			p.rule = place
			f.patterns = append(f.patterns, p)
			w.expect(unmatched{p, f.folder, name, number, line})
		}
	}
	return f
}

// readRules reads a small file with rules. The error is fs.ErrNotExist only if there is none.
func (w *walk) readRules(name string) (string, error) {
	if _, err := w.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	raw, err := w.readSmall(name)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %v", cause(err))
	}
	content, broken := decode(raw)
	if len(broken) > 0 {
		return "", fmt.Errorf("is not valid UTF-8 on line %d: save it as UTF-8", broken[0])
	}
	return content, nil
}

// readSmall checks the file type before it opens the file, because opening a named pipe blocks.
func (w *walk) readSmall(name string) ([]byte, error) {
	info, err := w.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := w.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRulesFile+1))
	if err == nil && len(raw) > maxRulesFile {
		err = fmt.Errorf("it is larger than %d bytes", maxRulesFile)
	}
	return raw, err
}
