package site_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// log collects log lines of several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func loggingFollower(source trip2g.ChangeSource, every time.Duration) (*site.Follower, *log) {
	l := &log{}
	o := site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.New(l), PollInterval: every}
	return site.NewFollower(source, o), l
}

// run runs the follower until the test ends.
func run(t *testing.T, f *site.Follower, wake <-chan struct{}) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, wake) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run gives %v", err)
		}
	})
}

func deadline(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(stop)
	return ctx
}

// TestAChangeIsSeenWithAndWithoutAWakeUp waits for a change with a wake-up and for one without.
func TestAChangeIsSeenWithAndWithoutAWakeUp(t *testing.T) {
	for name, every := range map[string]time.Duration{"woken": time.Hour, "by itself": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			source := newMemory("a.md", "one")
			f, _ := loggingFollower(source, every)
			wake := make(chan struct{}, 1)
			run(t, f, wake)
			if err := f.WaitFor(deadline(t), 1); err != nil {
				t.Fatal(err)
			}
			source.put("a.md", "two")
			if name == "woken" {
				wake <- struct{}{}
			}
			if err := f.WaitFor(deadline(t), 2); err != nil {
				t.Fatal(err)
			}
			wantIn(t, body(t, f.Current(), "/a"), "two")
		})
	}
}

func TestAChangeIsSeenAfterTheWatcherIsLost(t *testing.T) {
	source := newMemory("a.md", "one")
	f, _ := loggingFollower(source, time.Millisecond)
	wake := make(chan struct{})
	close(wake)
	run(t, f, wake)
	source.put("a.md", "two")
	if err := f.WaitFor(deadline(t), 2); err != nil {
		t.Fatal(err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	f, _ := loggingFollower(newMemory("a.md", "one"), 0)
	refresh(t, f)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := f.WaitFor(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("it gives %v", err)
	}
	if err := f.WaitFor(t.Context(), 1); err != nil {
		t.Errorf("for a position that is there it gives %v", err)
	}
}

// TestAStreakOfFailuresIsLoggedOnce fails many times in two ways, and then recovers.
func TestAStreakOfFailuresIsLoggedOnce(t *testing.T) {
	source := newMemory("a.md", "one")
	f, l := loggingFollower(source, time.Millisecond)
	if err := f.Err(); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("before loading Err gives %v", err)
	}
	refresh(t, f)
	for _, text := range []string{"disk on fire", "disk under water"} {
		source.fail(errors.New(text))
		for range 5 {
			if _, err := f.Refresh(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		if n := l.count(text); n != 1 {
			t.Errorf("%q is in the log %d times, want 1", text, n)
		}
		if err := f.Err(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Err gives %v", err)
		}
	}
	wantIn(t, body(t, f.Current(), "/a"), "one")
	source.fail(nil)
	run(t, f, nil)
	source.put("a.md", "two")
	if err := f.WaitFor(deadline(t), 2); err != nil {
		t.Fatal(err)
	}
	refresh(t, f)
	if err := f.Err(); err != nil {
		t.Errorf("after the failure Err gives %v", err)
	}
}

// TestACanceledRefreshIsNoFailureOfTheSite cancels a refresh: the database is fine.
func TestACanceledRefreshIsNoFailureOfTheSite(t *testing.T) {
	f, l := loggingFollower(newMemory("a.md", "one"), 0)
	refresh(t, f)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it gives %v", err)
	}
	if f.Err() != nil || l.count("cannot follow") != 0 {
		t.Errorf("Err gives %v", f.Err())
	}
}

// TestAnOlderDatabaseIsReloaded restores the database to an earlier position.
func TestAnOlderDatabaseIsReloaded(t *testing.T) {
	source := newMemory("a.md", "one", "b.md", "two")
	f, l := loggingFollower(source, 0)
	refresh(t, f)
	older := newMemory("a.md", "older")
	source.mu.Lock()
	source.head, source.changes = older.head, older.changes
	source.mu.Unlock()
	s := refresh(t, f)
	if page, _ := s.Page("/b", trip2g.Anonymous); page != nil || s.Stats().Position != 1 {
		t.Errorf("the later note is still there, at position %d", s.Stats().Position)
	}
	wantIn(t, body(t, s, "/a"), "older")
	if l.count("another or an older one") != 1 {
		t.Error("the log does not say so")
	}
}

// stuck announces changes without returning any.
type stuck struct{ trip2g.ChangeSource }

func (stuck) Changes(context.Context, trip2g.Position, int) (trip2g.ChangeSet, error) {
	return trip2g.ChangeSet{DatabaseID: "x", Head: 5}, nil
}

func TestASourceWithoutProgressIsAnError(t *testing.T) {
	f, _ := loggingFollower(stuck{}, 0)
	if _, err := f.Refresh(t.Context()); err == nil || f.Current() != nil {
		t.Errorf("error %v", err)
	}
}

// TestASignInKeepsCachedPages has a change that no page shows.
func TestASignInKeepsCachedPages(t *testing.T) {
	db := openDB(t)
	push(t, db, "a.md", "text")
	rendered := 0
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Log: zerolog.Nop(), Render: func(d *trip2g.Document, l trip2g.Links) ([]byte, error) {
		rendered++
		return markdown.Render(d, l)
	}})
	page, _ := refresh(t, f).Page("/a", trip2g.Anonymous)
	before := etag(page)
	if err := db.EnsureOwner(t.Context(), "owner@example.com"); err != nil {
		t.Fatal(err)
	}
	user, err := db.UserByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	_, position, err := db.CreateSession(t.Context(), trip2g.Session{TokenHash: trip2g.TokenHash("t"), User: user, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s := refresh(t, f)
	page, _ = s.Page("/a", trip2g.Anonymous)
	after := etag(page)
	if rendered != 1 || after != before || s.Stats().Position != position {
		t.Errorf("rendered %d times, ETags %s and %s, position %d of %d", rendered, before, after, s.Stats().Position, position)
	}
}

// TestANoteThatFailsToRenderIsShownAsText has a renderer that fails.
func TestANoteThatFailsToRenderIsShownAsText(t *testing.T) {
	l := &log{}
	f := site.NewFollower(newMemory("a.md", "text"), site.Options{Parse: markdown.Parse, Log: zerolog.New(l), Render: func(*trip2g.Document, trip2g.Links) ([]byte, error) {
		return []byte("<pre>text</pre>"), errors.New("a fault")
	}})
	s := refresh(t, f)
	wantIn(t, body(t, s, "/a"), "<pre>text</pre>")
	body(t, s, "/a")
	if l.count("a fault") != 1 {
		t.Error("the fault is not in the log once")
	}
}

func etag(p trip2g.Page) string { return p.Body(trip2g.Identity).ETag }
