package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// WriteFiles writes the report into a folder of a vault: name.md, the page; name.svg, its plot; and
// name.json. Each file is replaced atomically.
func (r *Report) WriteFiles(dir, name string) error {
	for _, file := range []struct {
		extension string
		write     func(io.Writer) error
	}{
		{".svg", r.WritePlot},
		{".json", r.WriteJSON},
		{".md", func(w io.Writer) error { return r.WritePage(w, name) }},
	} {
		var content bytes.Buffer
		if err := file.write(&content); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		if err := replace(filepath.Join(dir, name+file.extension), content.Bytes()); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

func replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".report-")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// WritePage writes the report as a note that refers to name.svg and name.json.
func (r *Report) WritePage(w io.Writer, name string) error {
	var b bytes.Buffer
	b.WriteString("---\ntitle: Benchmarks\ndescription: Measured performance of trip2g compared with nginx and net/http\n---\n\n# Benchmarks\n\n")
	reached, goals := r.Reached()
	fmt.Fprintf(&b, "`make bench` measures a leader and its replicas as they run in production, all on one machine, and writes this page "+
		"and [the raw data](%s.json). It reached %d of its %d goals.\n\n", name, reached, goals)
	fmt.Fprintf(&b, "The machine: %s. Measured on %s, in %d minutes.\n\n", r.Machine, r.Began.UTC().Format("2 January 2006"), int(r.Took.Minutes()+0.5))
	b.WriteString("Each value is the median of interleaved rounds (A B C A B C …), with the minimum and maximum. Ratios are computed per round, so that anything that slows down the whole machine cancels out.\n\n")
	fmt.Fprintf(&b, "![Bar chart of the results](%s.svg)\n", name)
	for _, section := range r.Sections {
		fmt.Fprintf(&b, "\n## %s\n", section.Title)
		if section.Text != "" {
			fmt.Fprintf(&b, "\n%s\n", section.Text)
		}
		for _, row := range section.Rows {
			row.writePage(&b)
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// writePage writes the row as a table with its notes.
func (r Row) writePage(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n### %s\n\n", r.Name)
	b.WriteString("| | median | min–max | goal |\n|---|--:|--:|---|\n")
	for _, figure := range r.Figures {
		fmt.Fprintf(b, "| %s | %s | %s | |\n", cell(figure.Name), cell(figure.value()), figure.spread())
	}
	for _, claim := range r.Claims {
		fmt.Fprintf(b, "| **%s** | **%s** | %s | %s |\n", cell(claim.Name), cell(claim.value()), claim.spread(), claim.mark())
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "\n%s\n", note)
	}
}

// mark returns the goal and whether it is reached, for the page.
func (c Claim) mark() string {
	switch {
	case c.Goal.Kind == NoGoal:
		return ""
	case c.Reached():
		return c.goal() + " ✓"
	default:
		return c.goal() + " **not reached**"
	}
}

// cell escapes a text for a table cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
