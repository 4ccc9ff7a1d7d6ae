package forward

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"sync"

	"trip2g/internal/eventstream"
)

// streamEnds ends the event-stream responses under way. They would otherwise hold up a stopping
// replica for as long as their clients stay connected.
type streamEnds struct {
	once sync.Once
	now  chan struct{} // closed when they are to end
}

func newStreamEnds() *streamEnds { return &streamEnds{now: make(chan struct{})} }

// EndStreams ends the event-stream responses under way and later ones.
func (f *Forwarder) EndStreams() { f.ends.once.Do(func() { close(f.ends.now) }) }

func isEventStream(res *http.Response) bool {
	mediaType, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && mediaType == eventstream.MediaType
}

// eventBody is the body of an event stream. Where the leader or this replica breaks it off, the
// client still sees a regular end and reconnects, as after an end of the leader's own.
type eventBody struct {
	leader io.ReadCloser
	x      *exchange
	last   []byte // the last bytes read, enough to tell whether an event is complete
	tail   []byte // still to be read; valid once ended
	ended  bool
	closed chan struct{}
	close  func() error
}

// eventEnd ends an event.
const eventEnd = "\n\n"

func newEventBody(leader io.ReadCloser, x *exchange) *eventBody {
	b := &eventBody{leader: leader, x: x, closed: make(chan struct{})}
	b.close = sync.OnceValue(func() error {
		close(b.closed)
		return leader.Close()
	})
	go func() {
		select {
		case <-x.ends.now:
			b.close()
		case <-b.closed:
		}
	}()
	return b
}

// Read implements io.Reader. It returns no error but io.EOF.
func (b *eventBody) Read(p []byte) (int, error) {
	if !b.ended {
		n, err := b.leader.Read(p)
		b.last = append(b.last, p[max(0, n-len(eventEnd)):n]...)
		b.last = b.last[max(0, len(b.last)-len(eventEnd)):]
		if err == nil || n > 0 {
			return n, nil
		}
		b.end(err)
	}
	n := copy(p, b.tail)
	b.tail = b.tail[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// end notes how the leader's part ended. No event is added after an incomplete one.
func (b *eventBody) end(err error) {
	b.ended = true
	if err == io.EOF {
		return
	}
	select {
	case <-b.x.ends.now:
	default:
		b.x.outcome, b.x.err = OutcomeCut, err
	}
	if bytes.HasSuffix(b.last, []byte(eventEnd)) {
		b.tail = []byte(b.x.lastEvent)
	}
}

// Close implements io.Closer.
func (b *eventBody) Close() error { return b.close() }
