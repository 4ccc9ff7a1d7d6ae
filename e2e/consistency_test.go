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

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// farPosition is a position that no node ever reaches.
const farPosition = "999999999999999999"

// TestAWriteIsReadAtOnceOnEveryNode writes through each node in turn and reads on all of them with the
// position that the write gave: never what was there before, unless the answer says that it is.
func TestAWriteIsReadAtOnceOnEveryNode(t *testing.T) { stack.OnBoth(t, checkReadYourWrites) }

func checkReadYourWrites(t *testing.T, s *stack.Stack) {
	const writes = 100
	name := "Own writes " + stack.RandomHex(4)
	path := "/" + stack.PageAddress(name)
	behind, reads := 0, 0
	for i := range writes {
		text := fmt.Sprintf("own write %d.", i)
		through := s.Nodes()[i%len(s.Nodes())]
		position := strconv.FormatInt(through.API().MustPush(t, stack.Note{Path: name + ".md", Content: text}), 10)
		for _, n := range s.Nodes() {
			for _, header := range []http.Header{{"X-Trip2g-Position": {position}}, {"Cookie": {"trip2g_position=" + position}}} {
				testwait.NoError(t, "the read is no longer behind", func() error {
					reads++
					err := n.ReadsOwnWrite(t, path, text, header)
					if err != nil {
						behind++
					}
					return err
				})
			}
		}
	}
	// A machine that stalls for a second delays reads; that must stay an exception.
	if behind > reads/10 {
		t.Errorf("%d of %d reads did not wait for the write", behind, reads)
	}
}

// TestABrowserSeesItsOwnWritesThroughRedirects writes with a cookie jar through one replica and follows
// a redirect on the other, as after a form: the page, which was not there before, is there.
func TestABrowserSeesItsOwnWritesThroughRedirects(t *testing.T) { stack.OnBoth(t, checkBrowser) }

func checkBrowser(t *testing.T, s *stack.Stack) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &http.Client{Jar: jar, Timeout: stack.Client.Timeout}
	folder := "Browser " + stack.RandomHex(4)
	for i := range 20 {
		through, other := s.Replicas()[i%2], s.Replicas()[(i+1)%2]
		writer := &stack.APIClient{Node: through, Key: s.Key, Client: tab}
		name := fmt.Sprintf("%s/Page %d", folder, i)
		writer.MustPush(t, stack.Note{Path: name + ".md", Content: "written by a browser"})
		testwait.NoError(t, "the read is no longer behind", func() error {
			req := stack.NewRequest(t, http.MethodGet, other.Public+"/"+strings.ReplaceAll(name, " ", "%20")+".md", nil)
			a, err := stack.Send(tab, req)
			if err == nil && a.Header.Get("X-Trip2g-Behind") != "" {
				err = errors.New("it is behind")
			}
			if err == nil && (a.Status != http.StatusOK || !strings.Contains(a.Body, "written by a browser")) {
				t.Fatalf("after a write through %s, %s answers %d with %v", through.Service, other.Service, a.Status, a.Header)
			}
			return err
		})
	}
}

// TestASignInCountsOnTheNextRead signs in through a replica and opens a page for members there at once.
func TestASignInCountsOnTheNextRead(t *testing.T) {
	s := stack.LiteFS(t)
	name := "For members " + stack.RandomHex(4)
	s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: "---\nfree: false\n---\nfor members"})
	path := "/" + stack.PageAddress(name)
	for _, n := range s.Nodes() {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		tab := &http.Client{Jar: jar, Timeout: stack.Client.Timeout}
		stack.SignIn(t, &stack.APIClient{Node: n, Client: tab})
		testwait.NoError(t, "the read is no longer behind", func() error {
			a, err := stack.Send(tab, stack.NewRequest(t, http.MethodGet, n.Public+path, nil))
			if err == nil && a.Header.Get("X-Trip2g-Behind") != "" {
				err = errors.New("it is behind")
			}
			if err == nil && a.Status != http.StatusOK {
				t.Fatalf("right after signing in, %s answers %d with %v", n.Service, a.Status, a.Header)
			}
			return err
		})
	}
	if err := s.App.API().Hide(t.Context(), name+".md"); err != nil {
		t.Error(err)
	}
}

// shownPosition matches the position in the output of push.
var shownPosition = regexp.MustCompile(`position (\d+)`)

// TestAfterPushTheNodeShowsIt pushes a folder through each replica and reads there, and by the
// position that push shows on the other nodes.
func TestAfterPushTheNodeShowsIt(t *testing.T) { stack.OnBoth(t, checkPushThenRead) }

func checkPushThenRead(t *testing.T, s *stack.Stack) {
	folder := "Pushed " + stack.RandomHex(4)
	for i := range 5 {
		for _, through := range s.Replicas() {
			dir, text := t.TempDir(), fmt.Sprintf("push %d through %s.", i, through.Service)
			stack.WriteFiles(t, dir, map[string]string{folder + "/Read me.md": text})
			r := through.MustPushFolder(t, dir)
			match := shownPosition.FindStringSubmatch(r.Stdout)
			if match == nil {
				t.Fatalf("push shows no position: %s", r.Stdout)
			}
			path := "/" + stack.PageAddress(folder) + "/read_me"
			if err := through.Shows(t.Context(), path, text); err != nil && !strings.Contains(r.Stderr, "does not show it yet") {
				t.Errorf("right after the push: %v", err)
			}
			for _, n := range s.Nodes() {
				testwait.NoError(t, "the read is no longer behind", func() error {
					return n.ReadsOwnWrite(t, path, text, http.Header{"X-Trip2g-Position": {match[1]}})
				})
			}
		}
	}
}

// TestForgedPositionsHarmNobody has many clients ask both replicas for a position that never comes,
// while others read and writes are followed.
func TestForgedPositionsHarmNobody(t *testing.T) {
	const forgers, writes = 200, 20
	s := stack.LiteFS(t)
	name := "Unharmed " + stack.RandomHex(4)
	path := "/" + stack.PageAddress(name)
	s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: "write none"})
	stack.AwaitText(t, s.Nodes(), path, "write none")

	ctx, stop := context.WithCancel(t.Context())
	var answered atomic.Int64
	var forging sync.WaitGroup
	defer forging.Wait()
	defer stop()
	for i := range forgers {
		n, header := s.Replicas()[i%2], http.Header{"X-Trip2g-Position": {farPosition}}
		if i%4 > 1 {
			header = http.Header{"Cookie": {"trip2g_position=" + farPosition}}
		}
		forging.Go(func() {
			for ctx.Err() == nil {
				a, err := stack.Fetch(ctx, http.MethodGet, n.Public+path, header, "")
				if err == nil && (a.Status != http.StatusOK || a.Header.Get("X-Trip2g-Behind") == "") {
					t.Errorf("a forged position on %s: status %d, %v", n.Service, a.Status, a.Header)
				}
				answered.Add(1)
			}
		})
	}
	for i := 0; i < writes || answered.Load() < forgers; i++ {
		text := fmt.Sprintf("write %d beside forgers.", i)
		s.Replicas()[i%2].API().MustPush(t, stack.Note{Path: name + ".md", Content: text})
		stack.AwaitText(t, s.Nodes(), path, text)
		for _, n := range s.Nodes() {
			if err := n.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestWhatReadersStallOnStaysWhole reads a large page up to its first part and stops; the page is changed
// many times; then the rest is read: it is the page of one version, to the byte.
func TestWhatReadersStallOnStaysWhole(t *testing.T) {
	s := stack.LiteFS(t)
	name := "Stalled " + stack.RandomHex(4)
	path := "/" + stack.PageAddress(name)
	// More than the sockets on the way hold.
	s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: strings.Repeat("A line of the first version.\n\n", 300_000)})
	t.Cleanup(func() {
		if err := s.App.API().Hide(context.WithoutCancel(t.Context()), name+".md"); err != nil {
			t.Error(err)
		}
	})
	stack.AwaitText(t, s.Nodes(), path, "the first version")
	for _, n := range s.Replicas() {
		for _, header := range []string{"", "Cookie: a=b\r\n"} { // by the fast lane and by net/http
			s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: strings.Repeat("A line of the first version.\n\n", 300_000)})
			stack.AwaitText(t, []*stack.Node{n}, path, "the first version")
			want := n.MustGetPlain(t, path)
			reader := stack.Stall(t, n, path, header)
			for i := range 10 {
				s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: fmt.Sprintf("version %d.", i)})
			}
			stack.AwaitText(t, []*stack.Node{n}, path, "version 9.")
			if got := reader.Rest(t); got != want.Body {
				t.Errorf("%s of %s with %q: %d bytes, want %d: %s", path, n.Service, header, len(got), len(want.Body), stack.FirstDifference(got, want.Body))
			}
		}
	}
}
