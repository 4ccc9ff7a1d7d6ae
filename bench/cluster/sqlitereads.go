package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// SQLiteReads restarts a node with another program in place of the server, on the same public address
// and database: one that reads and renders each page through SQLite when it is asked for it. It has no
// other routes and takes no writes. Restart brings the server back.
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
