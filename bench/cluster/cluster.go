// Package cluster runs a leader and its replicas on this machine as they run in production: each is
// a LiteFS node with the shipped configuration and a mount of its own, and LiteFS starts the server.
// Everything is real but the network, which is the loopback interface.
//
// Needed are Linux, root or a fusermount3 that is setuid, and bin/trip2g and bin/litefs of the
// repository; Start says what is missing.
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

// Options is what a cluster is made of. Root is needed.
type Options struct {
	Root     string // the repository: bin/ and litefs/ are in it
	Dir      string // where the cluster makes a folder for its data; "": the system's temporary folder
	Replicas int
	Plain    bool     // the leader alone, on a plain file without LiteFS
	Env      []string // settings of every server, "TRIP2G_NAME=value"
}

// Cluster is a leader and its replicas, running.
type Cluster struct {
	Leader   *Node
	Replicas []*Node
	Key      string // an API key
	Dir      string // the cluster's own folder, which Stop removes

	root string
}

// Start starts a leader and then its replicas, and returns when all are ready to serve. The caller
// calls Stop, whatever happens.
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

// plan gives each node its folder, its ports and its settings.
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

// secret makes 32 random characters.
func secret() string {
	random := make([]byte, 16)
	rand.Read(random)
	return hex.EncodeToString(random)
}

// makeKey makes an API key on the leader, as an operator does.
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

// Nodes gives the leader and its replicas.
func (c *Cluster) Nodes() []*Node {
	if c.Leader == nil {
		return nil
	}
	return append([]*Node{c.Leader}, c.Replicas...)
}

// Stop ends every node, frees every mount, and removes all data. It can be called twice.
func (c *Cluster) Stop() error {
	var wait sync.WaitGroup
	failures := make([]error, len(c.Nodes()))
	for i, n := range c.Nodes() {
		wait.Go(func() { failures[i] = n.stop() })
	}
	wait.Wait()
	if err := errors.Join(failures...); err != nil {
		// What is still mounted must not be removed from under LiteFS.
		return fmt.Errorf("stop the cluster in %s: %w", c.Dir, err)
	}
	return os.RemoveAll(c.Dir)
}
