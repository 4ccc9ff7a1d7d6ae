package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
)

// SaveLogsOnFailure saves the logs of all the stack's containers if the test fails.
func SaveLogsOnFailure(t *testing.T, s *Stack) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		dir := filepath.Join(logRoot, filepath.FromSlash(t.Name()))
		if err := s.saveLogs(ctx, dir); err != nil {
			t.Logf("save the containers' logs: %v", err)
			return
		}
		t.Logf("the containers' logs are in %s", dir)
	})
}

func (s *Stack) saveLogs(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	list, err := s.Docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ofProject(s.Project)})
	if err != nil {
		return err
	}
	for _, c := range list.Items {
		service := c.Labels[api.ServiceLabel]
		text, err := s.Logs(ctx, service)
		if err != nil {
			return err
		}
		text += fmt.Sprintf("-- the container is %s\n", c.Status)
		if err := os.WriteFile(filepath.Join(dir, service+".log"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
