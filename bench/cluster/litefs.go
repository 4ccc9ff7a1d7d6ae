package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// litefsConfig writes a node's LiteFS configuration: the shipped one with other folders and
// addresses, and the command to start. The command's words must contain no spaces or quotes.
func (n *Node) litefsConfig(command []string) error {
	role := "replica"
	if n == n.leader {
		role = "primary"
	}
	shipped, err := os.ReadFile(filepath.Join(n.root, "litefs", "litefs."+role+".yml"))
	if err != nil {
		return fmt.Errorf("read the LiteFS configuration: %w", err)
	}
	var config struct {
		FUSE  map[string]any `yaml:"fuse"`
		Data  map[string]any `yaml:"data"`
		HTTP  map[string]any `yaml:"http"`
		Lease map[string]any `yaml:"lease"`
		Exec  string         `yaml:"exec"`
		Rest  map[string]any `yaml:",inline"`
	}
	if err := yaml.Unmarshal(shipped, &config); err != nil {
		return fmt.Errorf("read the LiteFS configuration of a %s: %w", role, err)
	}
	config.FUSE["dir"] = n.mount()
	config.FUSE["allow-other"] = os.Geteuid() == 0 // others need user_allow_other
	config.Data["dir"] = filepath.Join(n.dir, "litefs")
	config.HTTP["addr"] = n.litefs
	config.Lease["hostname"] = "leader"
	config.Lease["advertise-url"] = "http://" + n.leader.litefs
	config.Exec = strings.Join(command, " ")
	text, err := yaml.Marshal(config)
	if err != nil {
		return fmt.Errorf("write the LiteFS configuration: %w", err)
	}
	return os.WriteFile(n.litefsFile(), text, 0o600)
}

func (n *Node) litefsFile() string { return filepath.Join(n.dir, "litefs.yml") }

func (n *Node) mount() string { return filepath.Join(n.dir, "mount") }
