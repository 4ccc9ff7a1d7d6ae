// Command sqlitereads is a straightforward server for comparison: it reads the note from SQLite for
// each request and renders it. It is for the benchmark only: on a LiteFS replica, such reads delay
// replication.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	database := flag.String("database", "", "path of the database")
	listen := flag.String("listen", "127.0.0.1:0", "address to answer at")
	connections := flag.Int("connections", 8, "how many requests read at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *database, *listen, *connections); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, database, listen string, connections int) error {
	notes, err := openNotes(database, connections)
	if err != nil {
		return err
	}
	defer notes.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_ready", notes.serveReady)
	mux.HandleFunc("GET /", notes.servePage)
	server := &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(grace)
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
