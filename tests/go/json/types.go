package main

import "encoding/json"

// The shapes of the wire, as the protocol reference describes them. Lists and maps of a job are `omitzero`: given
// empty they stay, which is our own rule.

type gpu struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor"`
	VRAM   int    `json:"vram"`
}

type machine struct {
	GPU  int   `json:"gpu"`
	GPUs []gpu `json:"gpus"`
	CPU  int   `json:"cpu"`
	RAM  int   `json:"ram"`
	Disk int   `json:"disk"`
}

type pricing struct {
	InstructionPrice          uint64 `json:"instruction_price"`
	PaymentCollateral         uint64 `json:"payment_collateral"`
	ResultsCollateralMultiple uint64 `json:"results_collateral_multiple"`
	MediationFee              uint64 `json:"mediation_fee"`
}

type services struct {
	Solver   string   `json:"solver"`
	Mediator []string `json:"mediator"`
	APIHost  string   `json:"api_host"`
}

type offer struct {
	ID               string             `json:"id"`
	CreatedAt        uint64             `json:"created_at"`
	ResourceProvider string             `json:"resource_provider"`
	Index            int                `json:"index"`
	Spec             machine            `json:"spec"`
	Modules          []string           `json:"modules"`
	Mode             string             `json:"mode"`
	DefaultPricing   pricing            `json:"default_pricing"`
	ModulePricing    map[string]pricing `json:"module_pricing"`
	TrustedParties   services           `json:"trusted_parties"`
}

type container struct {
	ID               string `json:"id"`
	DealID           string `json:"deal_id"`
	ResourceProvider string `json:"resource_provider"`
	State            uint8  `json:"state"`
	ResourceOffer    offer  `json:"resource_offer"`
}

type engineSpec struct {
	Type   string
	Params map[string]any
}

type docker struct {
	Image                string   `json:"Image,omitempty"`
	Entrypoint           []string `json:"Entrypoint,omitzero"`
	Parameters           []string `json:"Parameters,omitzero"`
	EnvironmentVariables []string `json:"EnvironmentVariables,omitzero"`
	WorkingDirectory     string   `json:"WorkingDirectory,omitempty"`
}

type s3 struct {
	Bucket   string `json:"Bucket,omitempty"`
	Key      string `json:"Key,omitempty"`
	Checksum string `json:"Checksum,omitempty"`
	Version  string `json:"VersionID,omitempty"`
	Endpoint string `json:"Endpoint,omitempty"`
	Region   string `json:"Region,omitempty"`
}

type storage struct {
	Name      string            `json:"Name,omitempty"`
	CID       string            `json:"CID,omitempty"`
	S3        *s3               `json:"S3,omitempty"`
	ReadWrite bool              `json:"ReadWrite,omitempty"`
	Path      string            `json:"Path,omitempty"`
	Metadata  map[string]string `json:"Metadata,omitzero"`
}

// What of a job is told apart by nothing but its JSON; the words are tested elsewhere.
type job struct {
	EngineSpec    engineSpec          `json:"EngineSpec,omitempty"`
	PublisherSpec struct{}            `json:"PublisherSpec"`
	Docker        docker              `json:"Docker,omitempty"`
	Wasm          map[string]struct{} `json:"Wasm"`
	Resources     map[string]string   `json:"Resources"`
	Network       map[string]string   `json:"Network"`
	Timeout       int64               `json:"Timeout,omitempty"`
	Inputs        []storage           `json:"Inputs,omitzero"`
	DoNotTrack    bool                `json:"DoNotTrack,omitempty"`
	Deal          struct{}            `json:"Deal"`
}

// The parts of a job that the random texts do not touch are what the reference writes for them.
func (j job) MarshalJSON() ([]byte, error) {
	type plain job
	p := plain(j)
	p.Wasm = map[string]struct{}{"EntryModule": {}}
	p.Resources = map[string]string{"GPU": ""}
	p.Network = map[string]string{"Type": "None"}
	return json.Marshal(p)
}

func decode[T any](text []byte) answer {
	var value T
	err := json.Unmarshal(text, &value)
	return done(value, err)
}
