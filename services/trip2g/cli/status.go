package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
)

// exitUnhealthy is the exit code of status if a node is unhealthy.
const exitUnhealthy = 6

// statusFlags are the flags of status.
type statusFlags struct {
	connectionFlags
	watch, json bool
	every       time.Duration
}

func newStatusCommand() *cobra.Command {
	f := statusFlags{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the leader and its replicas, and their problems",
		Long: "Shows the state of all nodes as the leader knows it, through any node: the position that each serves, its lag,\n" +
			"its load and its problems. A replica that has not reported for a day is removed from the list.\n\n" +
			"With --watch, the command continues until Ctrl-C, also while the leader restarts. While the leader is offline,\n" +
			"the page /_system/nodes of a replica still shows the last state.\n\n" +
			exitCodes("all nodes are healthy") + "\n" +
			"  6  a node is unhealthy; with --watch, when it was last checked",
		Example: "  export TRIP2G_URL=https://notes.example.com TRIP2G_KEY=t2g_...\n" +
			"  trip2g status                              show a table\n" +
			"  trip2g status --watch                      update it continuously\n" +
			"  trip2g status --json | jq '.nodes[] | {name, lagSeconds}'\n" +
			"  until trip2g status; do sleep 2; done      wait until all nodes are healthy",
		Args:              usage(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(cmd)
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "continue and show changes")
	cmd.Flags().DurationVar(&f.every, "every", 2*time.Second, "with --watch, how often to check")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, with --watch one line per check")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if f.every < 100*time.Millisecond {
			return &codedError{exitUsage, errors.New("--every must be at least 100ms")}
		}
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), false)
		server, err := f.connect(term.Retry, term.Print)
		if err != nil {
			return err
		}
		s := &statusShow{out: cmd.OutOrStdout(), json: f.json, watch: f.watch, terminal: isTerminal(cmd.OutOrStdout())}
		if f.watch {
			return s.run(cmd.Context(), server, f.every)
		}
		return s.once(cmd.Context(), server)
	}
	return cmd
}

// statusShow prints the state of all nodes.
type statusShow struct {
	out                   io.Writer
	json, watch, terminal bool
}

// once requests the state and prints it. The error has the exit code.
func (s *statusShow) once(ctx context.Context, server *client.Client) error {
	topology, err := server.Nodes(ctx)
	if err != nil {
		return terminalError(err, serverExitCode(err), "stopped")
	}
	s.print(topology)
	if topology.Wrong > 0 {
		return &codedError{exitUnhealthy, fmt.Errorf("%s unhealthy", count(topology.Wrong, "node"))}
	}
	return nil
}

// run calls once periodically until ctx ends, or until the server rejects the key.
func (s *statusShow) run(ctx context.Context, server *client.Client, every time.Duration) error {
	for {
		err := s.once(ctx, server)
		coded := new(codedError)
		if errors.As(err, &coded) && ctx.Err() == nil && coded.code != exitUnhealthy && coded.code != exitUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			if coded.code == exitUnhealthy {
				return err
			}
			return nil
		case <-time.After(every):
		}
	}
}

func (s *statusShow) print(topology trip2g.Topology) {
	switch {
	case s.json:
		encoder := json.NewEncoder(s.out)
		if !s.watch {
			encoder.SetIndent("", "  ")
		}
		encoder.Encode(topology)
		return
	case s.watch && s.terminal:
		io.WriteString(s.out, "\x1b[H\x1b[2J") // clear the screen
	case s.watch:
		fmt.Fprintln(s.out, time.Now().UTC().Format(time.RFC3339))
	}
	io.WriteString(s.out, printable(statusTable(topology)))
	if s.watch && !s.terminal {
		fmt.Fprintln(s.out)
	}
}

// statusTable returns a line per node, followed by a line per problem.
func statusTable(topology trip2g.Topology) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tROLE\tSTATE\tPOSITION\tBEHIND\tLAG\tREQUESTS/S\tVERSION\tHEARD")
	for _, n := range topology.Nodes {
		behind, lag := "-", "-"
		if n.Role == trip2g.RoleReplica {
			behind, lag = strconv.FormatInt(int64(n.Behind()), 10), trip2g.Span(n.Lag)
		}
		heard := "now"
		if n.HeardAgo >= 3 {
			heard = trip2g.Span(n.HeardAgo) + " ago"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%.1f\t%s\t%s\n", n.Name, n.Role, strings.ToLower(string(n.State)), n.Position, behind, lag, n.Requests, n.Version, heard)
	}
	table.Flush()
	for _, n := range topology.Nodes {
		for _, what := range n.Wrong {
			fmt.Fprintf(&b, "%s: %s\n", n.Name, what)
		}
	}
	for _, n := range topology.Rejected {
		fmt.Fprintf(&b, "%s: %s\n", n.Title(), n.Wrong)
	}
	return b.String()
}
