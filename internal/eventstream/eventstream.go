// Package eventstream writes server-sent events (WHATWG HTML, section 9.2).
package eventstream

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// MediaType is the Content-Type of a stream.
const MediaType = "text/event-stream"

// writeTimeout bounds how long a client may take for one event.
const writeTimeout = 10 * time.Second

// Writer writes events, each at once. A client that takes none for writeTimeout makes it fail.
type Writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// NewWriter sets the headers of a response that is a stream. Close must be called at the end.
func NewWriter(w http.ResponseWriter) *Writer {
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	return &Writer{w: w, control: http.NewResponseController(w)}
}

// Event sends an event whose data is one line, or "" for an event without data.
func (w *Writer) Event(name, data string) error {
	if data == "" {
		return w.send(fmt.Sprintf("event: %s\n\n", name))
	}
	return w.send(fmt.Sprintf("event: %s\ndata: %s\n\n", name, data))
}

// Comment sends a line that clients ignore, and that keeps the connection alive.
func (w *Writer) Comment() error { return w.send(":\n\n") }

// RetryAfter asks a client to wait, in milliseconds, before it asks again after the end.
func (w *Writer) RetryAfter(milliseconds int) error {
	return w.send(fmt.Sprintf("retry: %d\n\n", milliseconds))
}

// Close leaves the connection to the requests after this one.
func (w *Writer) Close() { w.control.SetWriteDeadline(time.Time{}) }

func (w *Writer) send(text string) error {
	if err := w.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(w.w, text); err != nil {
		return err
	}
	return w.control.Flush()
}
