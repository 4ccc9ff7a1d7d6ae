package logbuffer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
)

// newPipe returns a buffer and its sink. The buffer can write only while somebody reads.
func newPipe(t *testing.T) (*Buffer, *io.PipeReader) {
	r, w := io.Pipe()
	b := New(w)
	t.Cleanup(func() {
		r.Close()
		b.Close()
	})
	return b, r
}

func read(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("the log has %q (%v), want %q", got, err, want)
	}
}

// A last line that stayed in the buffer would never be seen in the log.
func TestALineComesOutByItself(t *testing.T) {
	b, r := newPipe(t)
	for _, line := range []string{"a\n", "b\n"} {
		b.Write([]byte(line))
		read(t, r, line)
	}
}

// TestAWarningIsWrittenBeforeTheCallReturns: the process may end right after it.
func TestAWarningIsWrittenBeforeTheCallReturns(t *testing.T) {
	var sink strings.Builder
	b := New(&sink)
	defer b.Close()
	log := zerolog.New(b)
	log.Info().Msg("one")
	log.Warn().Msg("two")
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := sink.String(); !strings.Contains(got, "one") || !strings.Contains(got, "two") || strings.Index(got, "two") < strings.Index(got, "one") {
		t.Errorf("after a warning the log has %q", got)
	}
}

// TestNothingIsLostOrTurnedAround writes from many goroutines, through Close and after it.
func TestNothingIsLostOrTurnedAround(t *testing.T) {
	const writers, lines = 8, 20_000
	var sink strings.Builder
	b := New(&sink)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range lines {
				fmt.Fprintf(b, "%d %d\n", w, i)
				if w == 0 && i == lines/2 {
					b.Close()
				}
			}
		})
	}
	writing.Wait()
	next := [writers]int{}
	for line := range strings.Lines(sink.String()) {
		var w, i int
		if n, err := fmt.Sscanf(line, "%d %d\n", &w, &i); n != 2 || err != nil || next[w] != i {
			t.Fatalf("line %q comes where %d was to come", line, next[w])
		}
		next[w]++
	}
	for w, n := range next {
		if n != lines {
			t.Errorf("of writer %d there are %d lines, want %d", w, n, lines)
		}
	}
}

// A disk that hangs must not fill the memory with lines.
func TestASlowSinkBoundsWhatIsHeld(t *testing.T) {
	b, r := newPipe(t)
	line := []byte(strings.Repeat("x", 1023) + "\n")
	const lines = 10 * batchSize / 1024
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range lines {
			b.Write(line)
			b.mu.Lock()
			if held := b.added - b.done; held > 2*batchSize+int64(len(line)) {
				t.Errorf("%d bytes are held", held)
			}
			b.mu.Unlock()
		}
	}()
	read(t, r, strings.Repeat(string(line), lines))
	<-ended
}

// An operator whose log cannot be written learns so from the program's error.
func TestAFailureOfTheSinkIsTold(t *testing.T) {
	b, r := newPipe(t)
	full := errors.New("no space left")
	r.CloseWithError(full)
	b.Write([]byte("a\n"))
	if err := b.Close(); !errors.Is(err, full) {
		t.Errorf("closing gives %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	buffer := New(io.Discard)
	defer buffer.Close()
	line := []byte(strings.Repeat("x", 300) + "\n")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			buffer.Write(line)
		}
	})
}
