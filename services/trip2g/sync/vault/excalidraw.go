package vault

import (
	"regexp"
	"strings"

	"trip2g/services/trip2g"
)

// drawingEnding is the end of a drawing note's name, without the note's own extension. References
// to drawings have it too.
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

// exportNames lists the names of the images that the plugin exports of a drawing, the best first.
// If configured so, it exports one for each theme.
func exportNames(drawing string) (names []string) {
	for _, base := range []string{drawing, strings.TrimSuffix(drawing, drawingEnding)} {
		for _, ending := range []string{".svg", ".png", ".light.svg", ".light.png", ".dark.svg", ".dark.png"} {
			names = append(names, base+ending)
		}
	}
	return names
}

// exportsOf lists the possible images for a reference to a drawing; none for any other reference.
func exportsOf(ref string) []string {
	name, _, _ := strings.Cut(ref, "#")
	if !strings.HasSuffix(strings.ToLower(name), drawingEnding) {
		return nil
	}
	return exportNames(name)
}

// exportOf finds the exported image next to the source note of a drawing.
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
