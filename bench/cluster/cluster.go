// Package cluster runs a leader and its replicas on this machine as in production: each is a LiteFS
// node with the shipped configuration and its own mount, and LiteFS starts the server. Only the
// network is different: it is the loopback interface.
//
// It requires Linux, root or a setuid fusermount3, and bin/trip2g and bin/litefs of the repository.
// The errors of Start list everything missing.
package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Options are the options of Start. Root is required.
type Options struct {
	Root     string // the repository: bin/ and litefs/ are in it
	Dir      string // for a folder of the cluster's data; "": the system's temporary folder
	Replicas int
	Plain    bool     // the leader alone, on a plain file without LiteFS
	Env      []string // settings of every server, "TRIP2G_NAME=value"
}

// Cluster is a running leader with its replicas.
type Cluster struct {
	Leader   *Node
	Replicas []*Node
	Key      string // an API key
	Dir      string // the cluster's own folder, which Stop removes

	root string
}

// Start starts a leader, then its replicas, and returns when all are ready. The caller must call
// Stop, even after an error.
func Start(ctx context.Context, o Options) (_ *Cluster, err error) {
	if o.Plain && o.Replicas > 0 {
		return nil, errors.New("start a cluster: without LiteFS there are no replicas")
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	if err := check(root, o.Plain); err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	dir, err := os.MkdirTemp(o.Dir, "cluster-")
	if err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	c := &Cluster{Dir: dir, root: root}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	if err := c.plan(o); err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	if _, err := c.Leader.start(ctx); err != nil {
		return nil, err
	}
	if c.Key, err = c.makeKey(ctx); err != nil {
		return nil, err
	}
	if err := c.makePublic(ctx); err != nil {
		return nil, err
	}
	for _, n := range c.Replicas {
		if _, err := n.start(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// plan sets the folder, ports and settings of each node.
func (c *Cluster) plan(o Options) error {
	addresses, err := freeAddresses(portsOfNode * (1 + o.Replicas))
	if err != nil {
		return err
	}
	shared := append([]string{"TRIP2G_JWT_SECRET=" + secret(), "TRIP2G_DATA_ENCRYPTION_KEY=" + secret()}, o.Env...)
	for i := range 1 + o.Replicas {
		n := &Node{
			Name:     "leader",
			public:   addresses[portsOfNode*i],
			internal: addresses[portsOfNode*i+1],
			litefs:   addresses[portsOfNode*i+2],
			plain:    o.Plain,
			root:     c.root,
			settings: shared,
		}
		if i == 0 {
			c.Leader, n.leader = n, n
		} else {
			n.Name, n.leader = fmt.Sprintf("replica%d", i), c.Leader
			c.Replicas = append(c.Replicas, n)
		}
		n.dir = filepath.Join(c.Dir, n.Name)
		if err := n.prepare(); err != nil {
			return err
		}
	}
	return nil
}

// secret returns 32 random characters.
func secret() string {
	random := make([]byte, 16)
	rand.Read(random)
	return hex.EncodeToString(random)
}

// makeKey creates an API key on the leader, with the command line.
func (c *Cluster) makeKey(ctx context.Context) (string, error) {
	create := exec.CommandContext(ctx, c.Leader.Program(), "keys", "create", "--name", "bench", "--scope", "read,publish,settings")
	create.Env = c.Leader.environment(nil)
	var failure bytes.Buffer
	create.Stderr = &failure
	key, err := create.Output()
	if err != nil {
		return "", fmt.Errorf("make an API key: %w\n%s", err, failure.String())
	}
	return strings.TrimSpace(string(key)), nil
}

// Nodes returns the leader and its replicas.
func (c *Cluster) Nodes() []*Node {
	if c.Leader == nil {
		return nil
	}
	return append([]*Node{c.Leader}, c.Replicas...)
}

// Stop stops every node, unmounts everything and removes all data. It can be called twice.
func (c *Cluster) Stop() error {
	var wait sync.WaitGroup
	failures := make([]error, len(c.Nodes()))
	for i, n := range c.Nodes() {
		wait.Go(func() { failures[i] = n.stop() })
	}
	wait.Wait()
	if err := errors.Join(failures...); err != nil {
		// Files below an active mount must not be removed.
		return fmt.Errorf("stop the cluster in %s: %w", c.Dir, err)
	}
	return os.RemoveAll(c.Dir)
}
