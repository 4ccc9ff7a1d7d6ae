package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// SQLiteReads restarts a node with another program in place of the server, at the same public
// address and with the same database. That program reads and renders each page through SQLite for
// every request, has no other routes and accepts no writes. Restart restores the server.
func (c *Cluster) SQLiteReads(ctx context.Context, n *Node) error {
	program := filepath.Join(c.Dir, "sqlitereads")
	compiler := os.Getenv("GO")
	if compiler == "" {
		compiler = "go"
	}
	build := exec.CommandContext(ctx, compiler, "build", "-trimpath", "-buildvcs=false", "-o", program, "trip2g/bench/sqlitereads")
	build.Dir, build.Env = c.root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program that reads through SQLite: %w\n%s", err, out)
	}
	if err := n.stop(); err != nil {
		return err
	}
	_, err := n.startCommand(ctx, []string{program, "-database", n.Database(), "-listen", n.public}, nil, n.URL()+"/_ready")
	return err
}
