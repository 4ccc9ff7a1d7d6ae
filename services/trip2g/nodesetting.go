package trip2g

// NodeSetting is a setting of a node as it runs.
type NodeSetting struct {
	Name   string // of the variable
	Value  string // "" for a secret
	Help   string
	Secret bool
	IsSet  bool // it is not empty
}
