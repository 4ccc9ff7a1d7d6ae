// Command bench measures the performance of trip2g on this machine and writes a page about it.
// `make bench` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"trip2g/bench/report"
	"trip2g/bench/scale"
	"trip2g/bench/static"
)

// options are the options of a run.
type options struct {
	root     string // the repository
	out      string // folder of the results, "" for none
	rounds   int    // values per figure
	short    bool   // quick and rough, to try the bench itself
	rows     []string
	progress func(format string, args ...any)
}

// wants reports whether the rows with a name are to be measured.
func (o *options) wants(name string) bool {
	return len(o.rows) == 0 || slices.Contains(o.rows, name)
}

// parts are the groups of rows that are measured together, in order. Each cleans up after itself,
// even after an error.
var parts = []struct {
	rows    []string // names of the rows that can be measured alone
	measure func(context.Context, *options) ([]report.Section, error)
}{
	{[]string{"yardstick"}, measureYardsticks},
	{servingRows, measureServing},
	{[]string{"scale"}, measureScale},
	{[]string{"search"}, measureSearch},
}

func main() {
	static.ServeBare()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	o := &options{}
	var rows string
	flag.StringVar(&o.out, "out", "docs", "folder that gets benchmarks.md, .svg and .json; empty for none")
	flag.StringVar(&o.root, "root", ".", "the repository")
	flag.StringVar(&rows, "rows", "", "rows to measure, between commas: "+strings.Join(allRows(), ", ")+"; all if empty")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each figure is measured")
	flag.BoolVar(&o.short, "short", false, "quick and rough figures, to try the bench itself")
	profiles := flag.String("profile", "", "measure nothing, but save profiles of loaded replicas in this folder")
	limit := flag.Duration("limit", 40*time.Minute, "end after so long, with what was measured by then")
	flag.Parse()
	if rows != "" {
		o.rows = strings.Split(rows, ",")
	}
	if err := o.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if *profiles != "" {
		o.startClock()
		return profile(ctx, o, *profiles)
	}
	result, err := o.measure(ctx)
	if err != nil {
		// An incomplete report is printed but not published.
		return errors.Join(result.WriteText(os.Stdout), err)
	}
	return publish(result, o.out)
}

func allRows() (names []string) {
	for _, part := range parts {
		names = append(names, part.rows...)
	}
	return names
}

func (o *options) check() error {
	for _, name := range o.rows {
		if !slices.Contains(allRows(), name) {
			return fmt.Errorf("there are no rows %q; there are %s", name, strings.Join(allRows(), ", "))
		}
	}
	if err := os.MkdirAll(o.out, 0o755); o.out != "" && err != nil {
		return fmt.Errorf("make the folder for the results: %w", err)
	}
	if o.rounds < 1 {
		return fmt.Errorf("-rounds %d: at least one is needed", o.rounds)
	}
	return nil
}

// startClock starts printing progress messages with the elapsed time.
func (o *options) startClock() time.Time {
	began := time.Now()
	o.progress = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	return began
}

// measure runs the selected parts. With an error, it returns what was measured before.
func (o *options) measure(ctx context.Context) (*report.Report, error) {
	r := &report.Report{Machine: report.ThisMachine(), Began: o.startClock()}
	for _, part := range parts {
		if !slices.ContainsFunc(part.rows, o.wants) {
			continue
		}
		sections, err := part.measure(ctx, o)
		r.Sections = append(r.Sections, sections...)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = errors.Join(cause, err)
			}
			return r, err
		}
	}
	r.Took = time.Since(r.Began)
	return r, nil
}

// measureScale measures what depends on the size of the vault, and the latency that forwarding
// adds.
func measureScale(ctx context.Context, o *options) ([]report.Section, error) {
	sizes := []int{100, 1000, 10_000, 100_000}
	if o.short {
		sizes = []int{100, 1000}
	}
	result, err := scale.Measure(ctx, scale.Options{Root: o.root, Sizes: sizes, Rounds: o.rounds, Progress: o.progress})
	if err != nil {
		return nil, err
	}
	return []report.Section{result.Section()}, nil
}

// publish prints the report and writes it into a folder.
func publish(r *report.Report, dir string) error {
	if err := r.WriteText(os.Stdout); err != nil {
		return err
	}
	if dir == "" {
		return nil
	}
	return r.WriteFiles(dir, "benchmarks")
}
