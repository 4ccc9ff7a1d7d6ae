package vault

import (
	"errors"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"trip2g/services/trip2g"
)

// pattern is one pattern in the syntax of .gitignore.
type pattern struct {
	glob    string // for folded paths, from the folder to which the pattern applies
	negate  bool   // it begins with "!": its matches are published after all
	dirOnly bool   // it ends in "/"
	rule    string // the pattern's name in messages
}

// matches reports whether the pattern matches a folded path. It does not match the contents of a
// folder that it matches: see rules.
func (p pattern) matches(folded string, isDir bool) bool {
	return (isDir || !p.dirOnly) && doublestar.MatchUnvalidated(p.glob, folded)
}

// parsePattern parses a line of an ignore file. ok is false for a line without a pattern. A pattern
// that git would accept silently and never match is an error, because the owner meant to keep
// something private with it.
func parsePattern(line string) (p pattern, ok bool, err error) {
	line = trimRight(line)
	if line == "" || line[0] == '#' {
		return pattern{}, false, nil
	}
	line, p.negate = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	line, anchored := strings.CutPrefix(line, "/")
	segments := strings.Split(line, "/")
	for i, segment := range segments {
		if segments[i], err = globSegment(segment); err != nil {
			return pattern{}, false, err
		}
	}
	switch last := len(segments) - 1; {
	case last == 0 && !anchored:
		segments = []string{"**", segments[0]}
	case segments[last] == "**": // the folder's contents, but not the folder
		segments = append(segments, "*")
	}
	p.glob = trip2g.FoldPath(strings.Join(segments, "/"))
	return p, true, nil
}

// trimRight removes trailing blanks unless a backslash escapes them.
func trimRight(line string) string {
	trimmed := strings.TrimRight(line, " \t")
	escapes := len(trimmed) - len(strings.TrimRight(trimmed, `\`))
	if escapes%2 == 1 && len(trimmed) < len(line) {
		return line[:len(trimmed)+1]
	}
	return trimmed
}

// globSegment converts the part of a pattern between slashes to a glob of package doublestar, in
// which braces have a meaning.
func globSegment(segment string) (string, error) {
	switch {
	case segment == "":
		return "", errors.New("names a folder without a name")
	case segment == ".", segment == "..":
		return "", errors.New(`has a "." or ".." in its path: patterns begin at the folder that they are for`)
	case strings.ContainsFunc(segment, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }):
		return "", errors.New("has a control character, which no name of a note has")
	case strings.Contains(segment, "[:"):
		return "", errors.New("has a class such as [:digit:], which is not supported: write [0-9]")
	}
	var glob strings.Builder
	escaped := false
	for _, r := range segment {
		switch {
		case escaped && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return "", errors.New(`has a "\" before a letter or digit: folders are separated by "/"`)
		case !escaped && (r == '{' || r == '}'):
			glob.WriteByte('\\')
		}
		glob.WriteRune(r)
		escaped = r == '\\' && !escaped
	}
	if !doublestar.ValidatePattern(glob.String()) {
		return "", errors.New(`has a "[" without its "]", or a "\" at its end`)
	}
	return glob.String(), nil
}
