// The objects of the protocol, as its reference describes them.
package main

import "encoding/json"

type gpuSpec struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor"`
	VRAM   int    `json:"vram"`
}

type machineSpec struct {
	GPU  int       `json:"gpu"`
	GPUs []gpuSpec `json:"gpus"`
	CPU  int       `json:"cpu"`
	RAM  int       `json:"ram"`
	Disk int       `json:"disk"`
}

type moduleConfig struct {
	Name string `json:"name"`
	Repo string `json:"repo"`
	Hash string `json:"hash"`
	Path string `json:"path"`
}

type inputFiles struct {
	Required []string `json:"required"`
	Optional []string `json:"optional"`
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

type target struct {
	Address string `json:"address"`
}

type jobOffer struct {
	ID               string            `json:"id"`
	CreatedAt        int               `json:"created_at"`
	Nonce            string            `json:"nonce"`
	JobCreator       string            `json:"job_creator"`
	Module           moduleConfig      `json:"module"`
	Spec             machineSpec       `json:"spec"`
	Inputs           map[string]string `json:"inputs"`
	InputFiles       inputFiles        `json:"inputFiles"`
	ExecutionTimeout uint64            `json:"executionTimeoutSeconds"`
	Mode             string            `json:"mode"`
	Pricing          pricing           `json:"pricing"`
	Services         services          `json:"trusted_parties"`
	Target           target            `json:"target"`
}

type jobOfferContainer struct {
	ID         string   `json:"id"`
	DealID     string   `json:"deal_id"`
	JobCreator string   `json:"job_creator"`
	State      uint8    `json:"state"`
	JobOffer   jobOffer `json:"job_offer"`
}

type resourceOffer struct {
	ID               string             `json:"id"`
	CreatedAt        int                `json:"created_at"`
	ResourceProvider string             `json:"resource_provider"`
	Index            int                `json:"index"`
	Spec             machineSpec        `json:"spec"`
	Modules          []string           `json:"modules"`
	Mode             string             `json:"mode"`
	DefaultPricing   pricing            `json:"default_pricing"`
	ModulePricing    map[string]pricing `json:"module_pricing"`
	Services         services           `json:"trusted_parties"`
}

type resourceOfferContainer struct {
	ID               string        `json:"id"`
	DealID           string        `json:"deal_id"`
	ResourceProvider string        `json:"resource_provider"`
	State            uint8         `json:"state"`
	ResourceOffer    resourceOffer `json:"resource_offer"`
}

type members struct {
	Solver           string   `json:"solver"`
	JobCreator       string   `json:"job_creator"`
	ResourceProvider string   `json:"resource_provider"`
	Mediators        []string `json:"mediators"`
}

type deal struct {
	ID            string        `json:"id"`
	Members       members       `json:"members"`
	Pricing       pricing       `json:"pricing"`
	JobOffer      jobOffer      `json:"job_offer"`
	ResourceOffer resourceOffer `json:"resource_offer"`
}

type transactionsOfProvider struct {
	Agree                string `json:"agree"`
	AddResult            string `json:"add_result"`
	TimeoutAgree         string `json:"timeout_agree"`
	TimeoutJudgeResult   string `json:"timeout_judge_result"`
	TimeoutMediateResult string `json:"timeout_mediate_result"`
}

type transactionsOfCreator struct {
	Agree                string `json:"agree"`
	AcceptResult         string `json:"accept_result"`
	CheckResult          string `json:"check_result"`
	TimeoutAgree         string `json:"timeout_agree"`
	TimeoutSubmitResult  string `json:"timeout_submit_result"`
	TimeoutMediateResult string `json:"timeout_mediate_result"`
}

type dealContainer struct {
	ID               string `json:"id"`
	CreatedAt        int    `json:"created_at"`
	UploadAt         int    `json:"upload_at"`
	DownloadAt       int    `json:"download_at"`
	JobCreator       string `json:"job_creator"`
	ResourceProvider string `json:"resource_provider"`
	JobOffer         string `json:"job_offer"`
	ResourceOffer    string `json:"resource_offer"`
	State            uint8  `json:"state"`
	Deal             deal   `json:"deal"`
	Transactions     struct {
		ResourceProvider transactionsOfProvider `json:"resource_provider"`
		JobCreator       transactionsOfCreator  `json:"job_creator"`
	} `json:"transactions"`
	Mediator string `json:"mediator"`
}

type result struct {
	ID               string `json:"id"`
	DealID           string `json:"deal_id"`
	DataID           string `json:"data_id"`
	Error            string `json:"error"`
	InstructionCount uint64 `json:"instruction_count"`
	ResultsID        string `json:"results_id"`
}

// v2 writes the results' id under both names.
func (r result) MarshalJSON() ([]byte, error) {
	type plain result
	r.ResultsID = r.DataID
	return json.Marshal(plain(r))
}

type solverEvent struct {
	EventType     string                  `json:"event_type"`
	JobOffer      *jobOfferContainer      `json:"job_offer"`
	ResourceOffer *resourceOfferContainer `json:"resource_offer"`
	Deal          *dealContainer          `json:"deal"`
}
