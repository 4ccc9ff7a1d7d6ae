package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/modules/compose"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestAnOperatorInstallsTheUnits does on machines with systemd what litefs/README.md says, as printed
// but for the address, and then looks from where an attacker would: another account of the leader's
// machine, and another machine of its network.
func TestAnOperatorInstallsTheUnits(t *testing.T) {
	machines := startMachines(t)
	leaderIP := machines.address(t, "leader")
	machines.install(t, "leader", leaderIP, "litefs.primary.yml", "")
	machines.install(t, "replica", leaderIP, "litefs.replica.yml", "TRIP2G_LEADER_ADDR="+leaderIP+":8082")
	machines.awaitReady(t, "leader")
	machines.awaitReady(t, "replica")

	key := strings.TrimSpace(machines.run(t, "leader", "litefs-enter trip2g keys create --name laptop --scope read,publish,settings"))
	machines.run(t, "replica", `mkdir /tmp/vault && echo '# Tides' >/tmp/vault/tides.md &&
		TRIP2G_KEY=`+key+` trip2g push /tmp/vault --url http://127.0.0.1:8081 --access everyone`)
	for _, machine := range []string{"leader", "replica"} {
		testwait.NoError(t, "the note is on the "+machine, func() error {
			_, err := machines.try(t, machine, "curl -fsS http://127.0.0.1:8081/tides")
			return err
		})
	}

	t.Run("another account reads nothing", func(t *testing.T) {
		for _, file := range []string{"/litefs/data.sqlite3", "/proc/$(pidof litefs)/root/litefs/data.sqlite3", "/var/lib/litefs/dbs", "/etc/trip2g.env"} {
			if out, err := machines.try(t, "leader", `su -s /bin/sh nobody -c "cat `+file+`"`); err == nil {
				t.Errorf("%s is open to every account: %.40q", file, out)
			}
		}
	})
	t.Run("another machine reaches no LiteFS", func(t *testing.T) {
		for _, ip := range []string{leaderIP, machines.address(t, "replica")} {
			for _, port := range []string{"20202", "20203"} {
				if out, err := machines.try(t, "stranger", "curl -sS --max-time 3 http://"+net.JoinHostPort(ip, port)+"/info"); err == nil {
					t.Errorf("%s:%s answers a stranger: %.60q", ip, port, out)
				}
			}
		}
	})
	t.Run("a killed server comes back", func(t *testing.T) {
		pid := machines.run(t, "leader", "pidof trip2g")
		machines.run(t, "leader", "kill -KILL "+pid)
		testwait.NoError(t, "another server runs", func() error {
			if now, err := machines.try(t, "leader", "pidof trip2g"); err != nil || now == pid {
				return errors.New("not yet")
			}
			return nil
		})
		machines.awaitReady(t, "leader")
	})
}

// machines are containers that run systemd.
type machines struct{ *stack.Stack }

func startMachines(t *testing.T) machines {
	t.Helper()
	s, err := stack.NewStack(t.Context(), "vm")
	if err != nil {
		t.Fatal(err)
	}
	s.Env = map[string]string{"VM_IMAGE": buildMachine(t, s.Project)}
	if err := stack.Sweeper.Own(s.Project); err != nil {
		t.Fatal(err)
	}
	s.Compose, err = compose.NewDockerComposeWith(compose.StackIdentifier(s.Project), compose.WithStackFiles(filepath.Join(stack.Root, "e2e/testdata/vm.yml")))
	if err != nil {
		t.Fatal(err)
	}
	s.Compose.WithEnv(s.Env)
	if err := s.Compose.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Compose.Down(context.WithoutCancel(t.Context()), compose.RemoveVolumes(true)); err != nil {
			t.Error(err)
		}
	})
	m := machines{s}
	for _, machine := range []string{"leader", "replica", "stranger"} {
		testwait.NoError(t, machine+" has booted", func() error {
			_, err := m.try(t, machine, "systemctl list-units >/dev/null && systemctl is-active basic.target")
			return err
		})
	}
	return m
}

// buildMachine builds the machines' image, which is removed when the test ends.
func buildMachine(t *testing.T, name string) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "docker", "build", "-q", "-t", name, "--build-arg", "STACK_IMAGE="+stack.ImageName(),
		"-f", filepath.Join(stack.Root, "e2e/testdata/vm.Dockerfile"), filepath.Join(stack.Root, "litefs"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build a machine with systemd: %v\n%s", err, out)
	}
	t.Cleanup(func() { exec.Command("docker", "rmi", "-f", name).Run() })
	return name
}

// install runs the README's commands on a machine. setting is a line more for the server.
func (m machines) install(t *testing.T, machine, leaderIP, file, setting string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(stack.Root, "litefs/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)## On a machine with systemd\n\n(    .*?)\n\n`).FindSubmatch(readme)
	if block == nil {
		t.Fatal("litefs/README.md has no commands for a machine with systemd")
	}
	commands := strings.ReplaceAll(string(block[1]), "10.20.0.2", leaderIP)
	commands = strings.ReplaceAll(commands, "litefs.primary.yml ", file+" ")
	m.run(t, machine, fmt.Sprintf(`cat >trip2g.env <<'END'
TRIP2G_DB_FILE=/litefs/data.sqlite3
TRIP2G_LISTEN_ADDR=:8081
TRIP2G_INTERNAL_LISTEN_ADDR=:8082
TRIP2G_JWT_SECRET=%s
TRIP2G_DATA_ENCRYPTION_KEY=0123456789abcdef0123456789abcdef
TRIP2G_OWNER_EMAIL=%s
%s
END`, m.Secret, stack.Owner, setting))
	m.run(t, machine, "set -e\n"+commands)
}

func (m machines) awaitReady(t *testing.T, machine string) {
	t.Helper()
	testwait.NoError(t, "the node on "+machine+" is ready", func() error {
		_, err := m.try(t, machine, "curl -fsS http://127.0.0.1:8082/readyz")
		if err != nil {
			log, _ := m.try(t, machine, "journalctl -u litefs --no-pager -n 20")
			return fmt.Errorf("%w\n%s", err, log)
		}
		return nil
	})
}

// address returns a machine's address on the network of the machines.
func (m machines) address(t *testing.T, machine string) string {
	t.Helper()
	id, err := m.Container(t.Context(), machine)
	if err != nil {
		t.Fatal(err)
	}
	inspected, err := m.Docker.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return inspected.Container.NetworkSettings.Networks[m.Project+"_default"].IPAddress.String()
}

// run runs a script as root, which must succeed, and returns what it printed.
func (m machines) run(t *testing.T, machine, script string) string {
	t.Helper()
	out, err := m.try(t, machine, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (m machines) try(t *testing.T, machine, script string) (string, error) {
	t.Helper()
	r, err := m.Exec(t.Context(), machine, "root", "sh", "-c", script)
	if err == nil && r.ExitCode != 0 {
		err = fmt.Errorf("on %s, exit code %d:\n%s\n%s%s", machine, r.ExitCode, script, r.Stdout, r.Stderr)
	}
	return r.Stdout, err
}
