package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"trip2g/internal/testwait"
)

// farPosition is one that no node ever reaches.
const farPosition = "999999999999999999"

// TestAWriteIsReadAtOnceOnEveryNode writes through each node in turn and reads on all of them with the
// position that the write gave: never what was there before, unless the answer says that it is.
func TestAWriteIsReadAtOnceOnEveryNode(t *testing.T) { onBothStacks(t, checkReadYourWrites) }

func checkReadYourWrites(t *testing.T, s *stack) {
	const writes = 100
	name := "Own writes " + randomHex(4)
	path := "/" + address(name)
	behind, reads := 0, 0
	for i := range writes {
		text := fmt.Sprintf("own write %d.", i)
		through := s.nodes()[i%len(s.nodes())]
		position := strconv.FormatInt(through.api().mustPush(t, note{name + ".md", text}), 10)
		for _, n := range s.nodes() {
			for _, header := range []http.Header{{"X-Trip2g-Position": {position}}, {"Cookie": {"trip2g_position=" + position}}} {
				testwait.NoError(t, "the read is no longer behind", func() error {
					reads++
					err := n.readsOwnWrite(t, path, text, header)
					if err != nil {
						behind++
					}
					return err
				})
			}
		}
	}
	// A machine that stands still for a second may make a read late; that is not the rule.
	if behind > reads/10 {
		t.Errorf("%d of %d reads did not wait for the write", behind, reads)
	}
}

// readsOwnWrite reads a page once. An answer that says that it is behind is an error; one that is
// without saying so fails the test.
func (n *node) readsOwnWrite(t *testing.T, path, text string, header http.Header) error {
	t.Helper()
	a, err := fetch(t.Context(), http.MethodGet, n.public+path, header, "")
	if err != nil {
		return err
	}
	if missing := a.header.Get("X-Trip2g-Behind"); missing != "" {
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of %s is behind and may be kept: %v", path, n.service, a.header)
		}
		return fmt.Errorf("%s of %s is %s positions behind", path, n.service, missing)
	}
	if a.status != http.StatusOK || !strings.Contains(a.body, text) {
		t.Fatalf("%s of %s after its own write with %v: status %d, no %q; header %v", path, n.service, header, a.status, text, a.header)
	}
	return nil
}

// TestABrowserSeesItsOwnWritesThroughRedirects writes with a cookie jar through one replica and follows
// a redirect on the other, as after a form: the page, which was not there before, is there.
func TestABrowserSeesItsOwnWritesThroughRedirects(t *testing.T) { onBothStacks(t, checkBrowser) }

func checkBrowser(t *testing.T, s *stack) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &http.Client{Jar: jar, Timeout: browser.Timeout}
	folder := "Browser " + randomHex(4)
	for i := range 20 {
		through, other := s.replicas()[i%2], s.replicas()[(i+1)%2]
		writer := &apiClient{node: through, key: s.key, client: tab}
		name := fmt.Sprintf("%s/Page %d", folder, i)
		writer.mustPush(t, note{name + ".md", "written by a browser"})
		testwait.NoError(t, "the read is no longer behind", func() error {
			req := newRequest(t, http.MethodGet, other.public+"/"+strings.ReplaceAll(name, " ", "%20")+".md", nil)
			a, err := send(tab, req)
			if err == nil && a.header.Get("X-Trip2g-Behind") != "" {
				err = errors.New("it is behind")
			}
			if err == nil && (a.status != http.StatusOK || !strings.Contains(a.body, "written by a browser")) {
				t.Fatalf("after a write through %s, %s answers %d with %v", through.service, other.service, a.status, a.header)
			}
			return err
		})
	}
}

// TestASignInCountsOnTheNextRead signs in through a replica and opens a page for members there at once.
func TestASignInCountsOnTheNextRead(t *testing.T) {
	s := litefsStack(t)
	name := "For members " + randomHex(4)
	s.app.api().mustPush(t, note{name + ".md", "---\nfree: false\n---\nfor members"})
	path := "/" + address(name)
	for _, n := range s.nodes() {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		tab := &http.Client{Jar: jar, Timeout: browser.Timeout}
		signIn(t, &apiClient{node: n, client: tab})
		testwait.NoError(t, "the read is no longer behind", func() error {
			a, err := send(tab, newRequest(t, http.MethodGet, n.public+path, nil))
			if err == nil && a.header.Get("X-Trip2g-Behind") != "" {
				err = errors.New("it is behind")
			}
			if err == nil && a.status != http.StatusOK {
				t.Fatalf("right after signing in, %s answers %d with %v", n.service, a.status, a.header)
			}
			return err
		})
	}
	if err := s.app.api().hide(t.Context(), name+".md"); err != nil {
		t.Error(err)
	}
}

// shownPosition finds the position in what push prints.
var shownPosition = regexp.MustCompile(`position (\d+)`)

// TestAfterPushTheNodeShowsIt pushes a folder through each replica and reads there, and by the
// position that push shows on the other nodes.
func TestAfterPushTheNodeShowsIt(t *testing.T) { onBothStacks(t, checkPushThenRead) }

func checkPushThenRead(t *testing.T, s *stack) {
	folder := "Pushed " + randomHex(4)
	for i := range 5 {
		for _, through := range s.replicas() {
			dir, text := t.TempDir(), fmt.Sprintf("push %d through %s.", i, through.service)
			writeFiles(t, dir, map[string]string{folder + "/Read me.md": text})
			r := through.mustPushFolder(t, dir)
			match := shownPosition.FindStringSubmatch(r.stdout)
			if match == nil {
				t.Fatalf("push shows no position: %s", r.stdout)
			}
			path := "/" + address(folder) + "/read_me"
			if err := through.shows(t.Context(), path, text); err != nil && !strings.Contains(r.stderr, "does not show it yet") {
				t.Errorf("right after the push: %v", err)
			}
			for _, n := range s.nodes() {
				testwait.NoError(t, "the read is no longer behind", func() error {
					return n.readsOwnWrite(t, path, text, http.Header{"X-Trip2g-Position": {match[1]}})
				})
			}
		}
	}
}

// TestForgedPositionsHarmNobody has many clients ask both replicas for a position that never comes,
// while others read and writes are followed.
func TestForgedPositionsHarmNobody(t *testing.T) {
	const forgers, writes = 200, 20
	s := litefsStack(t)
	name := "Unharmed " + randomHex(4)
	path := "/" + address(name)
	s.app.api().mustPush(t, note{name + ".md", "write none"})
	awaitText(t, s.nodes(), path, "write none")

	ctx, stop := context.WithCancel(t.Context())
	var answered atomic.Int64
	var forging sync.WaitGroup
	defer forging.Wait()
	defer stop()
	for i := range forgers {
		n, header := s.replicas()[i%2], http.Header{"X-Trip2g-Position": {farPosition}}
		if i%4 > 1 {
			header = http.Header{"Cookie": {"trip2g_position=" + farPosition}}
		}
		forging.Go(func() {
			for ctx.Err() == nil {
				a, err := fetch(ctx, http.MethodGet, n.public+path, header, "")
				if err == nil && (a.status != http.StatusOK || a.header.Get("X-Trip2g-Behind") == "") {
					t.Errorf("a forged position on %s: status %d, %v", n.service, a.status, a.header)
				}
				answered.Add(1)
			}
		})
	}
	for i := 0; i < writes || answered.Load() < forgers; i++ {
		text := fmt.Sprintf("write %d beside forgers.", i)
		s.replicas()[i%2].api().mustPush(t, note{name + ".md", text})
		awaitText(t, s.nodes(), path, text)
		for _, n := range s.nodes() {
			if err := n.ready(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestWhatReadersStallOnStaysWhole reads a large page up to its first part and stops; the page is changed
// many times; then the rest is read: it is the page of one version, to the byte.
func TestWhatReadersStallOnStaysWhole(t *testing.T) {
	s := litefsStack(t)
	name := "Stalled " + randomHex(4)
	path := "/" + address(name)
	// More than the sockets on the way hold.
	s.app.api().mustPush(t, note{name + ".md", strings.Repeat("A line of the first version.\n\n", 300_000)})
	t.Cleanup(func() {
		if err := s.app.api().hide(context.WithoutCancel(t.Context()), name+".md"); err != nil {
			t.Error(err)
		}
	})
	awaitText(t, s.nodes(), path, "the first version")
	for _, n := range s.replicas() {
		for _, header := range []string{"", "Cookie: a=b\r\n"} { // by the fast lane and by net/http
			s.app.api().mustPush(t, note{name + ".md", strings.Repeat("A line of the first version.\n\n", 300_000)})
			awaitText(t, []*node{n}, path, "the first version")
			want := n.mustGetPlain(t, path)
			reader := stallOn(t, n, path, header)
			for i := range 10 {
				s.app.api().mustPush(t, note{name + ".md", fmt.Sprintf("version %d.", i)})
			}
			awaitText(t, []*node{n}, path, "version 9.")
			if got := reader.rest(t); got != want.body {
				t.Errorf("%s of %s with %q: %d bytes, want %d: %s", path, n.service, header, len(got), len(want.body), firstDifference(got, want.body))
			}
		}
	}
}

// mustGetPlain is mustGet without compression.
func (n *node) mustGetPlain(t *testing.T, path string) answer {
	t.Helper()
	a, err := fetch(t.Context(), http.MethodGet, n.public+path, http.Header{"Accept-Encoding": {"identity"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}
