package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// request is the description of a request in the response of /describe.
type request struct {
	Method     string
	URI        string
	Host       string
	RemoteAddr string
	Proto      string // of the origin that the leader's port accepts
	Header     http.Header
	Trailer    http.Header
	Chunked    bool
	Length     int64 // bytes of the body
	SHA256     string
}

// echo handles requests in all ways that a forwarder must support.
func echo() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/describe", describe)
	mux.HandleFunc("/mirror", mirror)
	mux.HandleFunc("/lines", lines)
	mux.HandleFunc("/hints", hints)
	mux.HandleFunc("/hangup", hangUp)
	return mux
}

// describe responds with a description of the request, repeated header lines, and the status in
// ?status=.
func describe(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	length, err := io.Copy(hash, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	status, err := strconv.Atoi(r.URL.Query().Get("status"))
	if err != nil {
		status = http.StatusOK
	}
	header := w.Header()
	header["X-Repeated"] = []string{"one", "two", "one"}
	header["Set-Cookie"] = []string{
		"first=1; Path=/; HttpOnly",
		"session=from-the-leader; Path=/; HttpOnly; SameSite=Lax",
		"first=2; Max-Age=0",
	}
	header.Set("Content-Type", "application/x-described")
	header.Set("Location", "/elsewhere?a=b%20c")
	header.Set("Retry-After", "7")
	w.WriteHeader(status)
	if status == http.StatusNoContent {
		return
	}
	json.NewEncoder(w).Encode(request{
		Method: r.Method, URI: r.RequestURI, Host: r.Host, RemoteAddr: r.RemoteAddr, Proto: originScheme(r),
		Header: r.Header, Trailer: r.Trailer,
		Chunked: r.ContentLength < 0, Length: length, SHA256: hex.EncodeToString(hash.Sum(nil)),
	})
}

// mirror streams the body back, and sends its digest in an announced trailer and in an unannounced
// one (net/http.TrailerPrefix).
func mirror(w http.ResponseWriter, r *http.Request) {
	http.NewResponseController(w).EnableFullDuplex()
	w.Header().Set("Trailer", "X-Announced")
	w.Header().Set("Content-Type", "application/octet-stream")
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, hash), r.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	w.Header().Set("X-Announced", sum)
	w.Header().Set(http.TrailerPrefix+"X-Unannounced", sum)
	for name, values := range r.Trailer {
		w.Header()[http.TrailerPrefix+"X-Sent-"+name] = values
	}
}

// lines sends each line back and flushes it before it reads the next.
func lines(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	control.EnableFullDuplex()
	w.WriteHeader(http.StatusOK)
	control.Flush()
	for in := bufio.NewScanner(r.Body); in.Scan(); {
		io.WriteString(w, "echo "+in.Text()+"\n")
		control.Flush()
	}
}

// hints sends two informational responses (RFC 8297) before the final one.
func hints(w http.ResponseWriter, r *http.Request) {
	for _, link := range []string{"</a.css>; rel=preload", "</b.css>; rel=preload"} {
		w.Header().Set("Link", link)
		w.WriteHeader(http.StatusEarlyHints)
	}
	w.Header().Del("Link")
	io.WriteString(w, "done")
}

// hangUp closes the connection in the middle of the response body.
func hangUp(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "the first half")
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
