package stack

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

// shotRoot is the folder of the screenshots.
var shotRoot = filepath.Join(Root, "tmp", "screenshots")

// pagePatience limits each step in a browser.
const pagePatience = 20 * time.Second

// Screen is the size and color scheme of a browser.
type Screen struct {
	Name          string
	width, height int64
	dark          bool
}

// Screens that tests use.
var (
	Desktop = Screen{Name: "desktop", width: 1280, height: 900}
	Phone   = Screen{Name: "phone", width: 390, height: 844}
)

// Dark returns the screen with the dark color scheme.
func (s Screen) Dark() Screen {
	s.dark, s.Name = true, s.Name+"-dark"
	return s
}

// Window is a browser with its own profile, for pages of one node. An error in the console, a
// violation of the content security policy, or a request to another host fails the test that opened
// it.
type Window struct {
	t    *testing.T
	node *Node
	ctx  context.Context

	mu      sync.Mutex
	allowed []string // parts of errors that the test causes
	faults  []string
}

// OpenWindow starts a browser, which is closed when the test ends.
func OpenWindow(t *testing.T, n *Node, on Screen) *Window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.WindowSize(int(on.width), int(on.height)))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, closeWindow := chromedp.NewContext(allocator)
	t.Cleanup(closeWindow)
	w := &Window{t: t, node: n, ctx: ctx}
	t.Cleanup(w.report)
	if err := chromedp.Listen(ctx, w.watch); err != nil {
		t.Fatalf("start a browser: %v", err)
	}
	w.run("set up a browser", chromedp.EmulateViewport(on.width, on.height), prefer(on.dark))
	return w
}

// prefer sets the color scheme of the reader's system.
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

// watch records what no page may do.
func (w *Window) watch(event any) {
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
		// The browser's own resources, such as its PDF viewer, have other schemes.
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") && "http://"+u.Host != w.node.Public {
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

func (w *Window) fault(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, text)
}

// ExpectFault allows errors that contain part, because the test causes them.
func (w *Window) ExpectFault(part string) { w.allowed = append(w.allowed, part) }

func (w *Window) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fault := range w.faults {
		if !containsAny(fault, w.allowed) {
			w.t.Errorf("in the browser at %s: %s", w.node.Service, fault)
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

// run runs steps in the browser; an error fails the test. doing describes them in messages.
func (w *Window) run(doing string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := w.try(steps...); err != nil {
		w.Screenshot("failed")
		w.t.Fatalf("%s at %s: %v", doing, w.node.Service, err)
	}
}

func (w *Window) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(w.ctx, pagePatience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Open navigates to a path and waits until the page is loaded.
func (w *Window) Open(path string) {
	w.t.Helper()
	w.run("open "+path, chromedp.Navigate(w.node.Public+path))
}

// Await waits until an element is visible.
func (w *Window) Await(selector string) {
	w.t.Helper()
	w.run("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Click waits until an element is visible and clicks it.
func (w *Window) Click(selector string) {
	w.t.Helper()
	w.run("click "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Fill waits until a field is visible and types into it.
func (w *Window) Fill(selector, text string) {
	w.t.Helper()
	w.run("fill in "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// DropFolder drags a folder from the desktop to the center of an element.
func (w *Window) DropFolder(selector, dir string) {
	w.t.Helper()
	w.Await(selector)
	at := Evaluate[[]float64](w, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
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

// Press types keys into the focused element.
func (w *Window) Press(keys string) {
	w.t.Helper()
	w.run("press keys", chromedp.KeyEvent(keys))
}

// TabTo presses Tab until a JavaScript expression is true.
func (w *Window) TabTo(expression string) {
	w.t.Helper()
	const atMost = 200
	for range atMost {
		w.Press(kb.Tab)
		if Evaluate[bool](w, "Boolean("+expression+")") {
			return
		}
	}
	w.Screenshot("failed")
	w.t.Fatalf("%d times Tab did not lead to where %s", atMost, expression)
}

// Fits fails the test if the page is wider than the screen.
func (w *Window) Fits() {
	w.t.Helper()
	if wide := Evaluate[int](w, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		w.Screenshot("too-wide")
		w.t.Errorf("%s is %d pixels wider than the screen", Evaluate[string](w, "location.pathname"), wide)
	}
}

// Evaluate returns the value of a JavaScript expression in the page.
func Evaluate[T any](w *Window, expression string) T {
	w.t.Helper()
	answer, err := read(w, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatalf("evaluate %s at %s: %v", expression, w.node.Service, err)
	}
	return answer
}

// read runs a step that returns a value.
func read[T any](w *Window, step chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(w.ctx, pagePatience)
	defer cancel()
	return chromedp.Run(ctx, step)
}

// AwaitTrue waits until a JavaScript expression is true in the page.
func (w *Window) AwaitTrue(what, expression string) {
	w.t.Helper()
	testwait.NoError(w.t, what, func() error {
		holds, err := read(w, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && !holds {
			err = errors.New("not yet: " + expression)
		}
		return err
	})
}

// AwaitText waits until an element contains a text.
func (w *Window) AwaitText(selector, text string) {
	w.t.Helper()
	w.AwaitTrue(fmt.Sprintf("%s says %q", selector, text),
		fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q)", selector, text))
}

// Screenshot saves an image of the whole page in the test's folder.
func (w *Window) Screenshot(name string) {
	w.t.Helper()
	image, err := read(w, chromedp.FullScreenshot(90))
	if err != nil {
		w.t.Logf("no screenshot %s: %v", name, err)
		return
	}
	dir := filepath.Join(shotRoot, w.t.Name())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".jpg"), image, 0o644); err != nil {
		w.t.Fatal(err)
	}
}
