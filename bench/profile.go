package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
)

const (
	profileSeconds = 10
	profileTop     = 25 // functions printed of each profile
)

// profiles are what is taken of a server under load, by their names in net/http/pprof, with what `go
// tool pprof` is to show of them.
var profiles = []struct{ name, path, show string }{
	{"cpu", "profile", "-flat"},
	{"allocs", "allocs", "-sample_index=alloc_space"},
}

// profile saves profiles of the replicas, with the fast lane and without, while they are asked for all
// pages of the vault, and of one while every GET route is asked for and a note is written; it prints the
// top of each.
func profile(ctx context.Context, o *options, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save profiles: %w", err)
	}
	s, err := setStage(ctx, o, "TRIP2G_PROFILE=true")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, turn := range []struct {
		name string
		node *cluster.Node
	}{{"fastlane", s.withLane}, {"nethttp", s.noLane}} {
		o.progress("profiling %s under load", turn.name)
		files, err := s.profileNode(ctx, turn.node, filepath.Join(dir, turn.name))
		if err != nil {
			return err
		}
		if err := printTops(ctx, files); err != nil {
			return err
		}
	}
	o.progress("profiling every GET route under load, while a note is written")
	files, err := s.profileHammered(ctx, filepath.Join(dir, "loaded"))
	if err != nil {
		return err
	}
	return printTops(ctx, files)
}

// profileNode takes all profiles of a node at once and gives the files that have them.
func (s *stage) profileNode(ctx context.Context, n *cluster.Node, prefix string) (files []string, err error) {
	pages := s.everyPage()
	if _, err := askEach(ctx, n, pages); err != nil {
		return nil, err
	}
	_, err = hammer(ctx, n, pages, false, func(ctx context.Context) error {
		files, err = saveProfiles(ctx, n, prefix)
		return err
	})
	return files, err
}

// profileHammered does the same with the load of the row about lag.
func (s *stage) profileHammered(ctx context.Context, prefix string) (files []string, err error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	_, err = hammer(ctx, s.withLane, requests(routes), true, func(ctx context.Context) error {
		writing, stop := context.WithCancel(ctx)
		defer stop()
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error {
			for writing.Err() == nil {
				if _, err := s.measureWritesTo(writing, s.withLane); err != nil && writing.Err() == nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() (err error) {
			defer stop()
			files, err = saveProfiles(ctx, s.withLane, prefix)
			return err
		})
		return group.Wait()
	})
	return files, err
}

// saveProfiles takes all profiles of a node at once.
func saveProfiles(ctx context.Context, n *cluster.Node, prefix string) (files []string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range profiles {
		file := prefix + "." + p.name + ".pprof"
		files = append(files, file)
		group.Go(func() error { return saveProfile(ctx, n, p.path, file) })
	}
	return files, group.Wait()
}

func saveProfile(ctx context.Context, n *cluster.Node, path, file string) error {
	url := fmt.Sprintf("%s/debug/pprof/%s?seconds=%d", n.InternalURL(), path, profileSeconds)
	status, _, body, err := get(ctx, url, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the answer is %d: %.200s", status, body)
	}
	if err == nil {
		err = os.WriteFile(file, body, 0o644)
	}
	if err != nil {
		return fmt.Errorf("take the profile %s of %s: %w", path, n.Name, err)
	}
	return nil
}

func printTops(ctx context.Context, files []string) error {
	for i, file := range files {
		if err := printTop(ctx, file, profiles[i].show); err != nil {
			return err
		}
	}
	return nil
}

// printTop prints where most is spent: in the functions themselves.
func printTop(ctx context.Context, file, show string) error {
	fmt.Printf("\n%s\n", file)
	compiler := os.Getenv("GO")
	if compiler == "" {
		compiler = "go"
	}
	top := exec.CommandContext(ctx, compiler, "tool", "pprof", "-top", show, fmt.Sprintf("-nodecount=%d", profileTop), file)
	top.Stdout, top.Stderr = os.Stdout, os.Stderr
	if err := top.Run(); err != nil {
		return fmt.Errorf("show %s: %w", file, err)
	}
	return nil
}
