package history

import (
	"context"
	"strings"
	"unicode/utf8"

	"znkr.io/diff"
	"znkr.io/diff/textdiff"

	"trip2g/services/trip2g"
)

// Limits of a comparison. They bound its time for any two texts: 4 MiB of lines that all differ
// took less than a second.
const (
	maxCompared  = 4 << 20   // bytes of a text
	maxShown     = 5_000     // lines of all hunks
	maxShownText = 512 << 10 // bytes of all lines
	maxLine      = 4_000     // bytes of a line
	contextLines = 3
)

// Compare is trip2g.HistoryService's.
func (s *Service) Compare(ctx context.Context, from, to int64) (trip2g.Difference, error) {
	a, err := s.Archive.NoteVersion(ctx, from)
	if err != nil {
		return trip2g.Difference{}, err
	}
	b, err := s.Archive.NoteVersion(ctx, to)
	if err != nil {
		return trip2g.Difference{}, err
	}
	switch {
	case a.NoteID != b.NoteID:
		return trip2g.Difference{}, trip2g.Errorf(trip2g.EINVALID, "the versions are of two notes, %q and %q: give two of one note", a.Path, b.Path)
	case max(len(a.Content), len(b.Content)) > maxCompared:
		return trip2g.Difference{}, trip2g.Errorf(trip2g.ETOOLARGE, "a version has more than 4 MiB, which is too much to compare here: download both and compare them where you are")
	}
	d := compare(a.Content, b.Content)
	a.Content, b.Content = "", ""
	d.From, d.To = a, b
	return d, nil
}

func compare(a, b string) (d trip2g.Difference) {
	lines, size := 0, 0
	for _, h := range textdiff.Hunks(a, b, diff.Context(contextLines), textdiff.IndentHeuristic()) {
		shown := trip2g.Hunk{FromLine: h.LineNoX + 1, ToLine: h.LineNoY + 1}
		for _, e := range h.Edits {
			line := trip2g.DiffLine{}
			switch e.Op {
			case diff.Insert:
				line.Kind = trip2g.AddedLine
				d.Added++
			case diff.Delete:
				line.Kind = trip2g.RemovedLine
				d.Removed++
			}
			line.Text, line.Cut = cutLine(e.Line)
			if lines++; lines > maxShown || size+len(line.Text) > maxShownText {
				d.Cut = true
				continue
			}
			size += len(line.Text)
			shown.Lines = append(shown.Lines, line)
		}
		if len(shown.Lines) > 0 {
			d.Hunks = append(d.Hunks, shown)
		}
	}
	return d
}

// cutLine shortens a line for display.
func cutLine(line string) (text string, cut bool) {
	line = strings.TrimSuffix(line, "\n")
	if len(line) <= maxLine {
		return line, false
	}
	end := maxLine
	for !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end], true
}
