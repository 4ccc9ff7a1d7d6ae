// Command trip2g publishes Markdown vaults and serves them from any number of nodes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"trip2g/services/trip2g/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
