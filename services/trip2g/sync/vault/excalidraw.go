package vault

import (
	"regexp"
	"strings"

	"trip2g/services/trip2g"
)

// drawingEnding ends the names of the notes in which Excalidraw's plugin keeps its drawings,
// without the note's own ending. References to drawings have it too.
const drawingEnding = ".excalidraw"

var (
	drawingKey = regexp.MustCompile(`^["']?excalidraw-plugin["']?[ \t]*:`)
	noteEnding = regexp.MustCompile(`(?i)\.md$`)
)

// isDrawing reports whether a note is the source of a drawing: by its name or its frontmatter.
func isDrawing(name, content string) bool {
	if strings.HasSuffix(noteEnding.ReplaceAllString(strings.ToLower(name), ""), drawingEnding) {
		return true
	}
	first, rest, _ := strings.Cut(trip2g.UnifyLineEnds(content), "\n")
	if strings.TrimRight(first, " \t\r") != "---" {
		return false
	}
	for line := range strings.Lines(rest) {
		if strings.TrimRight(line, " \t\r\n") == "---" {
			return false
		}
		if drawingKey.MatchString(line) {
			return true
		}
	}
	return false
}

// exportNames lists the names that the plugin gives to the images that it exports of a drawing, the
// best first. It makes one for each theme if it is set so.
func exportNames(drawing string) (names []string) {
	for _, base := range []string{drawing, strings.TrimSuffix(drawing, drawingEnding)} {
		for _, ending := range []string{".svg", ".png", ".light.svg", ".light.png", ".dark.svg", ".dark.png"} {
			names = append(names, base+ending)
		}
	}
	return names
}

// exportsOf lists the images that a reference to a drawing may mean; none for any other reference.
func exportsOf(ref string) []string {
	name, _, _ := strings.Cut(ref, "#")
	if !strings.HasSuffix(strings.ToLower(name), drawingEnding) {
		return nil
	}
	return exportNames(name)
}

// exportOf finds the exported image beside a note that is the source of a drawing.
func (v *Vault) exportOf(note string, drawing bool) (image string, ok bool) {
	if !drawing {
		return "", false
	}
	for _, name := range exportNames(noteEnding.ReplaceAllString(note, "")) {
		if found, ok := v.files.at(name); ok {
			return found, true
		}
	}
	return "", false
}
