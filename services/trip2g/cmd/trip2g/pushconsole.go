package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/config"
	"trip2g/services/trip2g/push"
)

// tellEvery is how often lines tell of work that goes on, where there is no terminal for a bar:
// often enough that nobody takes a job for hung, seldom enough for a log.
const tellEvery = 10 * time.Second

// pushConsole shows a push: a bar on a terminal, lines elsewhere. It implements push.Reporter.
type pushConsole struct {
	out, err io.Writer
	quiet    bool
	terminal bool

	mu      sync.Mutex
	work    *work // nil between End and Begin
	retried time.Time
}

var _ push.Reporter = (*pushConsole)(nil)

// work is what Begin started.
type work struct {
	unit        func(int64) string
	total, done int64
	told        time.Time
	bar         *progressbar.ProgressBar // nil without a terminal
}

func newPushConsole(out, err io.Writer, quiet bool) *pushConsole {
	return &pushConsole{out: out, err: err, quiet: quiet, terminal: isTerminal(err)}
}

// Print shows a line beside the progress, also when quiet.
func (c *pushConsole) Print(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(line)
}

func (c *pushConsole) print(line string) {
	if c.work != nil && c.work.bar != nil {
		c.work.bar.Clear()
	}
	fmt.Fprintln(c.err, printable(line))
}

// Warn is push.Reporter's.
func (c *pushConsole) Warn(w trip2g.Warning) {
	place := w.Path
	if w.Line > 0 {
		place += fmt.Sprintf(":%d", w.Line)
	}
	c.Print("warning: " + place + ": " + w.Text)
}

// Retry tells that the server is away, once for a row of attempts.
func (c *pushConsole) Retry(err error, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.retried) > tellEvery {
		c.retried = time.Now()
		c.print("warning: " + err.Error() + "; trying again")
	}
}

// Would is push.Reporter's.
func (c *pushConsole) Would(action, path string) {
	fmt.Fprintln(c.out, printable("would "+action+" "+path))
}

// Begin is push.Reporter's.
func (c *pushConsole) Begin(what string, total int64, bytes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &work{total: total, told: time.Now(), unit: func(n int64) string { return fmt.Sprintf("%d %s", n, what) }}
	if bytes {
		w.unit = func(n int64) string { return config.Bytes(n).String() + " of " + what }
	}
	c.work = w
	switch {
	case c.quiet:
	case c.terminal:
		options := []progressbar.Option{
			progressbar.OptionSetWriter(c.err), progressbar.OptionSetDescription("Sending " + what),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionShowCount(), progressbar.OptionShowBytes(bytes), progressbar.OptionClearOnFinish(),
		}
		w.bar = progressbar.NewOptions64(max(total, 1), options...) // it takes no total of 0, as empty files have
	default:
		fmt.Fprintln(c.err, "sending "+w.unit(total))
	}
}

// Add is push.Reporter's.
func (c *pushConsole) Add(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.work
	w.done += n
	switch {
	case c.quiet:
	case w.bar != nil:
		w.bar.Add64(n) // what it fails at is drawing
	case time.Since(w.told) > tellEvery:
		w.told = time.Now()
		fmt.Fprintf(c.err, "sent %s, %s in all\n", w.unit(w.done), w.unit(w.total))
	}
}

// End is push.Reporter's.
func (c *pushConsole) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.work.bar != nil {
		c.work.bar.Clear()
	}
	c.work = nil
}

// Summary ends a push that succeeded.
func (c *pushConsole) Summary(s push.Summary, dryRun bool, site string) {
	if s.Unseen != nil {
		c.Print("warning: it is published, but " + s.Unseen.Error())
	}
	if c.quiet {
		return
	}
	if s.Position > 0 {
		site += fmt.Sprintf(" (position %d)", s.Position)
	}
	counts := fmt.Sprintf("%s sent, %d unchanged, %d hidden; %s sent", count(s.Sent, "note"), s.Unchanged, s.Hidden, count(s.Assets, "file"))
	switch {
	case dryRun:
		fmt.Fprintln(c.out, "Dry run, nothing was changed: "+strings.ReplaceAll(counts, "sent", "to send"))
	case !s.Changed():
		fmt.Fprintf(c.out, "Up to date: %s. Read it at %s\n", count(s.Unchanged, "note"), site)
	default:
		fmt.Fprintf(c.out, "Published: %s. Read it at %s\n", counts, site)
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printable keeps a file's name or a server's text from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}
