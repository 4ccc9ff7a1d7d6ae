// Command echo replaces a leader in some tests: behind the same internal port as a leader's, it
// responds with what arrived. It serves the same on a public port, so that a test can compare a
// forwarded response with a direct one.
//
// It reads the settings TRIP2G_LISTEN_ADDR, TRIP2G_INTERNAL_LISTEN_ADDR and TRIP2G_JWT_SECRET.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"trip2g/internal/forward"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	secret := os.Getenv("TRIP2G_JWT_SECRET")
	epoch := forward.NewEpoch()
	verifier, err := forward.NewVerifier(secret, epoch, nil)
	if err != nil {
		return err
	}
	// A replica whose reports are rejected is not ready.
	accept := func(context.Context, string, []byte) (any, error) { return struct{}{}, nil }
	intake, err := forward.NewMessages(
		forward.MessageOptions{Secret: secret, Epoch: epoch, Take: map[string]forward.MessageFunc{"/_system/nodes/report": accept}},
		forward.NewIntake(forward.IntakeOptions{Verifier: verifier, Handler: echo()}))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/", intake)
	internal := forward.NewServer(forward.ServerOptions{Handler: mux, Epoch: epoch})
	public := &http.Server{Handler: echo()}

	publicListener, err := net.Listen("tcp", os.Getenv("TRIP2G_LISTEN_ADDR"))
	if err != nil {
		return err
	}
	internalListener, err := net.Listen("tcp", os.Getenv("TRIP2G_INTERNAL_LISTEN_ADDR"))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return public.Serve(publicListener) })
	group.Go(func() error { return internal.Serve(internalListener) })
	group.Go(func() error {
		<-ctx.Done()
		return errors.Join(public.Close(), internal.Shutdown(context.Background()))
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// originScheme is the scheme that the client of a forwarded request used.
func originScheme(r *http.Request) string {
	origin, _ := forward.OriginFrom(r.Context())
	return origin.Scheme
}
