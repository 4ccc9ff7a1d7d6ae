package fastlane

import (
	"net/http"
	"strconv"
	"time"
)

// Request is a plain read: a GET or HEAD without a body, a range, credentials other than a cookie,
// or conditions other than the two below. Values are as the client sent them, "" for an absent
// field.
type Request struct {
	Method          string // GET or HEAD
	Path            string // unescaped
	AcceptEncoding  string
	IfNoneMatch     string
	IfModifiedSince string
	Cookie          string

	Client  string    // IP address and port
	Arrived time.Time // when the head was complete

	// Set by the Handler.
	ID       string // of the request in logs
	Position string // served position for the response's header; "": none
}

// Field is one header field of a response.
type Field struct{ Name, Value string }

// maxFields is the maximum number of fields in a response.
const maxFields = 16

// Response is the response to a Request.
type Response struct {
	Status int
	Body   []byte // nil: none; must not be modified

	fields [maxFields]Field
	count  int
}

// Add appends a field. Names must be canonical, distinct and in byte order, as net/http writes
// them.
func (r *Response) Add(name, value string) {
	r.fields[r.count] = Field{name, value}
	r.count++
}

// Fields returns the fields. The slice is valid until the response changes.
func (r *Response) Fields() []Field { return r.fields[:r.count] }

// Reset empties the response.
func (r *Response) Reset() { *r = Response{} }

// Handler responds to plain requests. It must be safe for concurrent use.
type Handler interface {
	// Respond fills in an empty response. It returns false to leave the request to net/http.
	Respond(*Request, *Response) bool
	// Responded is called after each response, with the number of bytes of its body that were sent.
	Responded(r *Request, response *Response, sent int64)
}

// appendHead appends the status line and the header fields as net/http writes them.
func appendHead(head []byte, r *Response, closing bool) []byte {
	head = append(head, "HTTP/1.1 "...)
	head = strconv.AppendInt(head, int64(r.Status), 10)
	head = append(head, ' ')
	head = append(head, http.StatusText(r.Status)...)
	head = append(head, "\r\n"...)
	for _, f := range r.Fields() {
		head = append(head, f.Name...)
		head = append(head, ": "...)
		head = append(head, f.Value...)
		head = append(head, "\r\n"...)
	}
	if closing {
		head = append(head, "Connection: close\r\n"...)
	}
	return append(head, "\r\n"...)
}
