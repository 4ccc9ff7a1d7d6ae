package fastlane_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/render"
	"trip2g/services/trip2g/ops/logbuffer"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// BenchmarkPage requests one page over persistent connections, 16 at a time: from a bare handler
// with the same bytes and header fields, from a node through net/http, and from one with the lane.
// The client runs in the same process, so the ratios are smaller than in reality.
func BenchmarkPage(b *testing.B) {
	db, follower := newSite(b)
	for _, size := range []int{7 << 10, 28 << 10} {
		text := strings.Repeat("x", size)
		if _, _, err := db.PushNotes(b.Context(), trip2g.Stage{Author: "key:1"}, []trip2g.NoteUpdate{{Path: "page.md", Content: text}}, true); err != nil {
			b.Fatal(err)
		}
		if _, err := follower.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		for _, bench := range []struct {
			name  string
			serve func(testing.TB, func() trip2g.Site) string
		}{
			{"bare", serveBare},
			{"nethttp", func(b testing.TB, current func() trip2g.Site) string { return serveNode(b, db, current, false) }},
			{"lane", func(b testing.TB, current func() trip2g.Site) string { return serveNode(b, db, current, true) }},
		} {
			b.Run(fmt.Sprintf("%dKB/%s", size>>10, bench.name), func(b *testing.B) {
				hammer(b, bench.serve(b, follower.Current))
			})
		}
	}
}

// serveNode serves like a node, with an access log in a file and metrics.
func serveNode(b testing.TB, assets trip2g.AssetReader, current func() trip2g.Site, lane bool) string {
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	buffer := logbuffer.New(file)
	b.Cleanup(func() { buffer.Close(); file.Close() })
	log := zerolog.New(buffer).With().Timestamp().Str("node", "a").Str("role", "replica").Logger()
	access := trip2ghttp.NewAccessLog(log, prometheus.NewRegistry())
	own := trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: current, Assets: assets, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix, SessionCookie: "session", Codings: render.Codings,
	})
	pages := trip2ghttp.NewFastPath(current, render.Codings, "session", access)
	s := new(server)
	s.serve(b, pages.Wrap(forward.PublicGuard(access.Wrap(trip2ghttp.PublicPort, trip2ghttp.WithRequestID(own)))), pages, lane)
	return s.addr
}

// serveBare returns the header fields and bytes of the node's page.
func serveBare(b testing.TB, current func() trip2g.Site) string {
	node := new(server)
	pages := trip2ghttp.NewFastPath(current, render.Codings, "session", trip2ghttp.NewAccessLog(zerolog.Nop(), prometheus.NewRegistry()))
	node.serve(b, pages.Wrap(http.NotFoundHandler()), pages, false)
	res, err := http.Get("http://" + node.addr + "/page")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	bare := new(server)
	bare.serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		for name, values := range res.Header {
			header[name] = values
		}
		w.Write(body)
	}), nil, false)
	return bare.addr
}

// hammer sends requests over 16 connections and reads the responses.
func hammer(b *testing.B, addr string) {
	request := []byte("GET /page HTTP/1.1\r\nHost: " + addr + "\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n")
	size := answerSize(b, addr, request)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		answer := make([]byte, size)
		for pb.Next() {
			if _, err := c.Write(request); err != nil {
				b.Error(err)
				return
			}
			if _, err := io.ReadFull(c, answer); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// answerSize returns the length of a response with its head, which is the same for every request.
func answerSize(b *testing.B, addr string, request []byte) int {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	c.Write(bytes.Replace(request, []byte("\r\n\r\n"), []byte("\r\nConnection: close\r\n\r\n"), 1))
	all, err := io.ReadAll(bufio.NewReader(c))
	if err != nil {
		b.Fatal(err)
	}
	return len(all) - len("Connection: close\r\n")
}
