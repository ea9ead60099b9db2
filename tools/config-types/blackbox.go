//go:build blackbox

package main

import blackbox "github.com/prometheus/blackbox_exporter/config"

func files() map[string]*file {
	return map[string]*file{"blackbox": read("blackbox_exporter", blackbox.Config{})}
}
