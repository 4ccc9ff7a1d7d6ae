package fastlane

import (
	"net/http"
	"strconv"
	"time"
)

// Request is a read that has nothing about it but this: no body, no credentials but a cookie's, no range
// and no condition but the two below. Values are as the client sent them, "" if it did not.
type Request struct {
	Method          string // GET or HEAD
	Path            string // unescaped
	AcceptEncoding  string
	IfNoneMatch     string
	IfModifiedSince string
	Cookie          string

	Client  string    // IP address and port
	Arrived time.Time // when the head was there
	ID      string    // names the request in logs; given by the handler

	Position string // what is told of the position that is served, "" for nothing; given by the handler
}

// Field is one header field of an answer.
type Field struct{ Name, Value string }

// maxFields is how many fields an answer can have.
const maxFields = 16

// Answer is what a request gets.
type Answer struct {
	Status int
	Body   []byte // what follows the head, nil if nothing does; must not change

	fields [maxFields]Field
	count  int
}

// Add appends a field. Names are in canonical form, differ, and come in byte order, because that is
// how net/http writes them.
func (a *Answer) Add(name, value string) {
	a.fields[a.count] = Field{name, value}
	a.count++
}

// Fields gives the fields added, for as long as the answer is not changed.
func (a *Answer) Fields() []Field { return a.fields[:a.count] }

// Reset makes an answer empty.
func (a *Answer) Reset() { *a = Answer{} }

// Handler decides what plain requests get. It is called by many goroutines at once.
type Handler interface {
	// Answer fills in an empty answer, or gives false if net/http is to have the request.
	Answer(*Request, *Answer) bool
	// Answered is told of each answer after it was sent, with the bytes of its body that went out.
	Answered(r *Request, a *Answer, sent int64)
}

// appendHead appends the status line and the header fields as net/http writes them.
func appendHead(head []byte, a *Answer, closing bool) []byte {
	head = append(head, "HTTP/1.1 "...)
	head = strconv.AppendInt(head, int64(a.Status), 10)
	head = append(head, ' ')
	head = append(head, http.StatusText(a.Status)...)
	head = append(head, "\r\n"...)
	for _, f := range a.Fields() {
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
