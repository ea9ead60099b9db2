//go:build !blackbox

package main

import (
	"reflect"
	_ "unsafe" // For go:linkname.

	alertmanager "github.com/prometheus/alertmanager/config"
	prometheus "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/install"
)

// The registry of discovery mechanisms has no exported accessor.
//
//go:linkname configNames github.com/prometheus/prometheus/discovery.configNames
var configNames map[string]discovery.Config

func files() map[string]*file {
	server := read("prometheus", prometheus.Config{})
	server.Discovery = map[string]string{}
	for name, config := range configNames {
		server.Discovery[name] = server.typeOf(reflect.TypeOf(config))
	}
	return map[string]*file{"prometheus": server, "alertmanager": read("alertmanager", alertmanager.Config{})}
}
