package config

import (
	"fmt"
	"reflect"

	"trip2g/services/trip2g"
)

// Values returns every setting with its value on this node, in the order of Config. For a secret it
// returns only whether it is set.
func (c *Config) Values() []trip2g.NodeSetting {
	fields := reflect.ValueOf(c).Elem()
	list := make([]trip2g.NodeSetting, 0, fields.NumField())
	for _, s := range Settings() {
		value := fields.FieldByName(s.field).Interface()
		shown := trip2g.NodeSetting{Name: s.Variable, Value: fmt.Sprint(value), Help: s.Help}
		shown.IsSet = shown.Value != ""
		if _, shown.Secret = value.(Secret); shown.Secret {
			shown.Value = ""
		}
		list = append(list, shown)
	}
	return list
}
