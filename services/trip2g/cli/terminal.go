package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/sync/push"
)

// progressInterval is the interval of progress lines without a terminal: short enough to show that
// the command does not hang, and long enough for a log.
const progressInterval = 10 * time.Second

// terminal shows the progress of a push or a pull: a bar on a terminal, lines elsewhere. It
// implements push.Reporter and pull.Reporter.
type terminal struct {
	in       io.Reader // input for questions; nil if there is none
	out, err io.Writer
	quiet    bool
	json     bool   // the summary is JSON
	calm     bool   // no progress: a watch prints what it did
	bars     bool   // err is a terminal
	verbose  bool   // a dry run lists each note
	doing    string // "Sending" or "Writing", for the bar

	would  map[string][]string // what a dry run would do: paths by action
	notes  []noteReport        // of a dry run
	access *trip2g.AccessState // of the site after a push; nil: not known
	noHome bool                // no note is the home page

	mu       sync.Mutex
	work     *work // nil between End and Begin
	retried  time.Time
	warnings []trip2g.Warning    // of the round
	previous []trip2g.Warning    // of the previous round, which are not repeated
	listed   map[string][]string // what listOnce last printed, by its format
}

var _ push.Reporter = (*terminal)(nil)

// work is the progress since Begin.
type work struct {
	unit        func(int64) string
	total, done int64
	reported    time.Time
	bar         *progressbar.ProgressBar // nil without a terminal
}

func newTerminal(out, err io.Writer, quiet bool) *terminal {
	return &terminal{out: out, err: err, quiet: quiet, bars: isTerminal(err), doing: "Sending", listed: map[string][]string{}, would: map[string][]string{}}
}

// Print prints a line without disturbing the bar, also when quiet.
func (t *terminal) Print(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.print(line)
}

func (t *terminal) print(line string) {
	if t.work != nil && t.work.bar != nil {
		t.work.bar.Clear()
	}
	fmt.Fprintln(t.err, printable(line))
}

// Warn implements push.Reporter.
func (t *terminal) Warn(w trip2g.Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warnings = append(t.warnings, w)
	if !slices.Contains(t.previous, w) {
		t.printWarning(w)
	}
}

func (t *terminal) printWarning(w trip2g.Warning) {
	place := w.Path
	if w.Line > 0 {
		place += fmt.Sprintf(":%d", w.Line)
	}
	t.print("warning: " + place + ": " + w.Text)
}

// maxPublishedWarnings is the maximum number of warnings about published notes.
const maxPublishedWarnings = 20

// warnPublished prints the server's warnings about notes that were sent.
func (t *terminal) warnPublished(warnings []trip2g.Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warnings = append(t.warnings, warnings...)
	warnings = slices.DeleteFunc(slices.Clone(warnings), func(w trip2g.Warning) bool { return slices.Contains(t.previous, w) })
	for _, w := range warnings[:min(len(warnings), maxPublishedWarnings)] {
		t.printWarning(w)
	}
	if more := len(warnings) - maxPublishedWarnings; more > 0 {
		t.print(fmt.Sprintf("and %d more: see /_system/warnings", more))
	}
}

// NextRound starts another push of a watch.
func (t *terminal) NextRound() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.previous, t.warnings = t.warnings, nil
}

// Retry prints that the server is unavailable, at most once per progressInterval.
func (t *terminal) Retry(err error, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.retried) > progressInterval {
		t.retried = time.Now()
		t.print("warning: " + strings.TrimRight(err.Error(), ". ") + "; retrying")
	}
}

// Would implements push.Reporter.
func (t *terminal) Would(action, path string) {
	if action == "hide" {
		action = "unpublish"
	}
	t.would[action] = append(t.would[action], path)
}

// Begin implements push.Reporter.
func (t *terminal) Begin(what string, total int64, bytes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &work{total: total, reported: time.Now(), unit: func(n int64) string { return fmt.Sprintf("%d %s", n, what) }}
	if bytes {
		w.unit = func(n int64) string { return config.Bytes(n).String() + " of " + what }
	}
	t.work = w
	switch {
	case t.quiet, t.calm:
	case t.bars:
		options := []progressbar.Option{
			progressbar.OptionSetWriter(t.err), progressbar.OptionSetDescription(t.doing + " " + what),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionShowCount(), progressbar.OptionShowBytes(bytes), progressbar.OptionClearOnFinish(),
		}
		w.bar = progressbar.NewOptions64(max(total, 1), options...) // a total of 0 is not supported
	}
}

// Add implements push.Reporter.
func (t *terminal) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.work
	w.done += n
	switch {
	case t.quiet:
	case w.bar != nil:
		w.bar.Add64(n) // only drawing can fail
	case time.Since(w.reported) > progressInterval:
		w.reported = time.Now()
		fmt.Fprintf(t.err, "%s: %s of %s\n", strings.ToLower(t.doing), w.unit(w.done), w.unit(w.total))
	}
}

// End implements push.Reporter.
func (t *terminal) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.work.bar != nil {
		t.work.bar.Clear()
	}
	t.work = nil
}

// published prints warnings about what was published.
func (t *terminal) published(s push.Summary) {
	if s.Unseen != nil {
		t.Print("warning: the push is published, but " + s.Unseen.Error())
	}
	t.warnPublished(s.Warnings)
}

// Summary prints the summary of a push.
func (t *terminal) Summary(s push.Summary, dryRun bool, site string) {
	t.published(s)
	switch {
	case t.json:
		t.report(s, dryRun, site)
	case !t.quiet:
		if dryRun {
			t.rehearsed()
		}
		t.summary(s, dryRun, site)
		t.printAccess()
		if t.noHome {
			fmt.Fprintln(t.out, noHome)
		}
		t.listUnsent(s, dryRun)
	}
}

func (t *terminal) summary(s push.Summary, dryRun bool, site string) {
	if s.Position > 0 {
		site += fmt.Sprintf(" (position %d)", s.Position)
	}
	counts := fmt.Sprintf("%s sent, %d unchanged, %d unpublished; %s sent", count(len(s.Sent), "note"), s.Unchanged, len(s.Hidden), count(len(s.Files), "file"))
	switch {
	case dryRun:
		fmt.Fprintln(t.out, "Dry run, nothing was changed: "+strings.ReplaceAll(counts, "sent", "to send"))
	case !s.Changed():
		fmt.Fprintf(t.out, "Up to date: %s. Read it at %s\n", count(s.Unchanged, "note"), site)
	default:
		fmt.Fprintf(t.out, "Published: %s. Read it at %s\n", counts, site)
	}
}

// Saved prints the changes of a later push of a watch.
func (t *terminal) Saved(s push.Summary, site string) {
	t.published(s)
	switch {
	case t.json && s.Changed():
		t.report(s, false, site)
	case !t.quiet && !t.json:
		if s.Changed() {
			fmt.Fprintln(t.out, printable(time.Now().Format(time.TimeOnly)+" Published: "+saved(s)))
		}
		t.listUnsent(s, false)
	}
}

// saved lists what a push changed.
func saved(s push.Summary) string {
	var parts []string
	if sent := slices.Concat(s.Sent, s.Files); len(sent) > 0 {
		parts = append(parts, names(sent))
	}
	if len(s.Hidden) > 0 {
		parts = append(parts, "unpublished "+names(s.Hidden))
	}
	return strings.Join(parts, "; ")
}

// maxNames is the maximum number of names in a line.
const maxNames = 5

func names(paths []string) string {
	if len(paths) <= maxNames {
		return strings.Join(paths, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(paths[:maxNames], ", "), len(paths)-maxNames)
}

// listUnsent lists what a push has not changed, and how to change it.
func (t *terminal) listUnsent(s push.Summary, dryRun bool) {
	t.listOnce(s.Left, "note", "No longer in the folder, still published: %s (%s). --delete unpublishes them.")
	t.listOnce(s.NeverHad, "note", "Published, but never in this folder: %s (%s). `trip2g pull` downloads them; --force --delete unpublishes them.")
	if !dryRun { // which has listed them
		t.listOnce(excludedPaths(s), "note", "Excluded by rules: %s (%s). --dry-run -v shows the rules.")
	}
	t.listOnce(s.StillPublished, "note", "Still published, although excluded: %s (%s). --delete unpublishes them.")
	t.listOnce(s.Older, "file", "Not sent or removed, older than on the server: %s (%s). `trip2g pull` downloads the newer versions; --force sends or unpublishes them.")
}

func excludedPaths(s push.Summary) []string {
	paths := make([]string, len(s.Excluded))
	for i, e := range s.Excluded {
		paths[i] = e.Path
	}
	return paths
}

// listOnce prints a line with files, unless it has just printed the same ones.
func (t *terminal) listOnce(paths []string, what, line string) {
	if len(paths) > 0 && !slices.Equal(paths, t.listed[line]) {
		fmt.Fprintln(t.out, printable(fmt.Sprintf(line, count(len(paths), what), names(paths))))
	}
	t.listed[line] = paths
}

// pushReport is the JSON output.
type pushReport struct {
	DryRun         bool              `json:"dryRun"`
	Sent           []string          `json:"sent"`
	Hidden         []string          `json:"hidden"`
	Files          []string          `json:"files"`
	Left           []string          `json:"left"`
	NeverHad       []string          `json:"neverHad"`
	StillPublished []string          `json:"stillPublished"`
	Excluded       []exclusionReport `json:"excluded"`
	Older          []string          `json:"older"`
	Unchanged      int               `json:"unchanged"`
	Access         *accessReport     `json:"access"`          // null for a dry run, or if unknown
	Notes          []noteReport      `json:"notes,omitempty"` // of a dry run
	Position       trip2g.Position   `json:"position"`        // 0 if unknown
	Visible        bool              `json:"visible"`         // at the node that was pushed to
	URL            string            `json:"url"`
	Warnings       []warningReport   `json:"warnings"`
}

type exclusionReport struct {
	Path string `json:"path"`
	Rule string `json:"rule"`
}

type warningReport struct {
	Path string `json:"path"`
	Line int    `json:"line"` // 0 for the whole file
	Text string `json:"text"`
}

func (t *terminal) report(s push.Summary, dryRun bool, site string) {
	report := pushReport{
		DryRun: dryRun, Sent: list(s.Sent), Hidden: list(s.Hidden), Files: list(s.Files), Left: list(s.Left),
		NeverHad: list(s.NeverHad), StillPublished: list(s.StillPublished), Excluded: exclusionReports(s.Excluded), Older: list(s.Older), Unchanged: s.Unchanged,
		Access: newAccessReport(t.access), Notes: t.notes,
		Position: s.Position, Visible: s.Unseen == nil && !dryRun, URL: site, Warnings: t.warningReports(),
	}
	printJSON(t.out, report)
}

func exclusionReports(excluded []trip2g.Exclusion) []exclusionReport {
	reports := make([]exclusionReport, len(excluded))
	for i, e := range excluded {
		reports[i] = exclusionReport(e)
	}
	return reports
}

func (t *terminal) warningReports() []warningReport {
	reports := make([]warningReport, len(t.warnings))
	for i, w := range t.warnings {
		reports[i] = warningReport{w.Path, w.Line, w.Text}
	}
	return reports
}

// list returns a copy that is never nil, for JSON's [].
func list(paths []string) []string { return append([]string{}, paths...) }

// printJSON prints a value on one line.
func printJSON(out io.Writer, value any) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printable replaces control characters, so that a file name or a text of the server cannot control
// the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}
