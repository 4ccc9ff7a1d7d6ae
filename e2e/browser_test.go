package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"trip2g/internal/testwait"
)

// shotRoot is where tests leave pictures of what they saw.
var shotRoot = filepath.Join(repoRoot, "tmp", "screenshots")

// pagePatience bounds each step in a browser.
const pagePatience = 20 * time.Second

// screen is what a page is shown on.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

var (
	desktop = screen{name: "desktop", width: 1280, height: 900}
	phone   = screen{name: "phone", width: 390, height: 844}
)

func (s screen) inTheDark() screen {
	s.dark, s.name = true, s.name+"-dark"
	return s
}

// window is one browser with a profile of its own, looking at a node. What a page must never do fails
// the test that opened it: an error in the console, a breach of the content policy, a request to
// another host.
type window struct {
	t    *testing.T
	node *node
	ctx  context.Context

	mu      sync.Mutex
	allowed []string // parts of errors that a test has provoked
	faults  []string
}

// openWindow starts a browser, which ends with the test.
func openWindow(t *testing.T, n *node, on screen) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.WindowSize(int(on.width), int(on.height)))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, closeWindow := chromedp.NewContext(allocator)
	t.Cleanup(closeWindow)
	w := &window{t: t, node: n, ctx: ctx}
	t.Cleanup(w.report)
	if err := chromedp.Listen(ctx, w.watch); err != nil {
		t.Fatalf("start a browser: %v", err)
	}
	w.run("set up a browser", chromedp.EmulateViewport(on.width, on.height), prefer(on.dark))
	return w
}

// prefer says which colours the reader's system has.
func prefer(dark bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// watch notes what no page may do.
func (w *window) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.fault(exceptionText(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			for _, arg := range e.Args {
				w.fault(fmt.Sprintf("console: %s %s", arg.Value, arg.Description))
			}
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			w.fault("console: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		// What the browser has of its own, as to show papers, is asked by other schemes.
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") && "http://"+u.Host != w.node.public {
			w.fault("request to another host: " + e.Request.URL)
		}
	}
}

func exceptionText(d *runtime.ExceptionDetails) string {
	text := fmt.Sprintf("exception: %s at %s:%d", d.Text, d.URL, d.LineNumber+1)
	if d.Exception != nil {
		text += " " + d.Exception.Description
	}
	return text
}

func (w *window) fault(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, text)
}

// expect lets errors pass that the test provokes, by a part of their text.
func (w *window) expect(part string) { w.allowed = append(w.allowed, part) }

func (w *window) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fault := range w.faults {
		if !containsAny(fault, w.allowed) {
			w.t.Errorf("in the browser at %s: %s", w.node.service, fault)
		}
	}
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// run does steps in the browser, one after the other.
func (w *window) run(doing string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := w.try(steps...); err != nil {
		w.shot("failed")
		w.t.Fatalf("%s at %s: %v", doing, w.node.service, err)
	}
}

func (w *window) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(w.ctx, pagePatience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// open goes to a path and waits until the page is there.
func (w *window) open(path string) {
	w.t.Helper()
	w.run("open "+path, chromedp.Navigate(w.node.public+path))
}

// await waits until an element can be seen.
func (w *window) await(selector string) {
	w.t.Helper()
	w.run("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// click presses what a selector finds.
func (w *window) click(selector string) {
	w.t.Helper()
	w.run("click "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// fill types into a field.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.run("fill in "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// dropFolder drags a folder from outside into the middle of an element.
func (w *window) dropFolder(selector, dir string) {
	w.t.Helper()
	w.await(selector)
	at := ask[[]float64](w, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()`, selector))
	const copying = 1
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{dir}, DragOperationsMask: copying}
	w.run("drop "+dir, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
			_, err := cdp.Call(ctx, t, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: at[0], Y: at[1], Data: data})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// press types keys wherever the focus is.
func (w *window) press(keys string) {
	w.t.Helper()
	w.run("press keys", chromedp.KeyEvent(keys))
}

// tabTo presses Tab until an expression holds.
func (w *window) tabTo(expression string) {
	w.t.Helper()
	const atMost = 200
	for range atMost {
		w.press(kb.Tab)
		if ask[bool](w, "Boolean("+expression+")") {
			return
		}
	}
	w.shot("failed")
	w.t.Fatalf("%d times Tab did not lead to where %s", atMost, expression)
}

// fits fails the test if the page is wider than the screen.
func (w *window) fits() {
	w.t.Helper()
	if wide := ask[int](w, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		w.shot("too-wide")
		w.t.Errorf("%s is %d pixels wider than the screen", ask[string](w, "location.pathname"), wide)
	}
}

// ask evaluates an expression in the page.
func ask[T any](w *window, expression string) T {
	w.t.Helper()
	answer, err := read(w, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatalf("evaluate %s at %s: %v", expression, w.node.service, err)
	}
	return answer
}

// read does a step that gives something.
func read[T any](w *window, step chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(w.ctx, pagePatience)
	defer cancel()
	return chromedp.Run(ctx, step)
}

// awaitTrue waits until an expression holds in the page.
func (w *window) awaitTrue(what, expression string) {
	w.t.Helper()
	testwait.NoError(w.t, what, func() error {
		holds, err := read(w, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && !holds {
			err = errors.New("not yet: " + expression)
		}
		return err
	})
}

// awaitText waits until an element contains a text.
func (w *window) awaitText(selector, text string) {
	w.t.Helper()
	w.awaitTrue(fmt.Sprintf("%s says %q", selector, text),
		fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q)", selector, text))
}

// shot keeps a picture of the whole page, named for the test.
func (w *window) shot(name string) {
	w.t.Helper()
	picture, err := read(w, chromedp.FullScreenshot(90))
	if err != nil {
		w.t.Logf("no picture %s: %v", name, err)
		return
	}
	dir := filepath.Join(shotRoot, w.t.Name())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".jpg"), picture, 0o644); err != nil {
		w.t.Fatal(err)
	}
}
