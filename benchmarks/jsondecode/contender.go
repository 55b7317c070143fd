package jsondecode

import (
	stdjson "encoding/json"

	"github.com/bytedance/sonic"
	"github.com/go-json-experiment/json"
	gojson "github.com/goccy/go-json"
	segmentio "github.com/segmentio/encoding/json"
)

// A contender is a JSON library.
type contender struct {
	name      string
	about     string // a note for the report, or empty
	unmarshal func(data []byte, v any) error
}

// contenders returns all contenders, in the order of the tables. The first is the library
// that [codec.JSON] uses.
func contenders() []contender {
	all := []contender{
		{
			name: "go-json-experiment/json", about: "what codec.JSON and operators.DecodeJSON use",
			unmarshal: func(data []byte, v any) error { return json.Unmarshal(data, v) },
		},
		{name: "encoding/json", unmarshal: stdjson.Unmarshal},
	}
	if version2 != nil {
		all = append(all, contender{name: "encoding/json/v2", about: "GOEXPERIMENT=jsonv2, which also puts encoding/json on top of it", unmarshal: version2})
	}
	return append(all,
		contender{name: "goccy/go-json", about: "uses unsafe", unmarshal: gojson.Unmarshal},
		contender{name: "segmentio/encoding", about: "uses unsafe", unmarshal: segmentio.Unmarshal},
		contender{
			name: "bytedance/sonic", about: "ConfigDefault; uses unsafe and, on amd64 and arm64 with the versions of Go that it knows, machine code made at run time",
			unmarshal: sonic.ConfigDefault.Unmarshal,
		},
		contender{name: "bytedance/sonic, as encoding/json", about: "ConfigStd", unmarshal: sonic.ConfigStd.Unmarshal},
	)
}

// version2 is encoding/json/v2, or nil if the toolchain does not have it.
var version2 func(data []byte, v any) error
