/* Every family, for the table in registry.c. One line each. */
#ifndef CT_FAMILIES_H
#define CT_FAMILIES_H

#include "fetchers/family.h"

extern const struct ct_family ct_family_statuspage_summary;
extern const struct ct_family ct_family_statuspage_incidents;
extern const struct ct_family ct_family_statuspage_atom;
extern const struct ct_family ct_family_incidentio_compat;
extern const struct ct_family ct_family_incidentio_native;
extern const struct ct_family ct_family_betterstack_index;
extern const struct ct_family ct_family_instatus_summary;
extern const struct ct_family ct_family_instatus_notices;
extern const struct ct_family ct_family_checkly_unresolved;
extern const struct ct_family ct_family_statusio_api;
extern const struct ct_family ct_family_statusio_rss;
extern const struct ct_family ct_family_aws_currentevents;
extern const struct ct_family ct_family_aws_legacy_data;
extern const struct ct_family ct_family_aws_rss;
extern const struct ct_family ct_family_azure_rss;
extern const struct ct_family ct_family_gcp_incidents;
extern const struct ct_family ct_family_oci_components;
extern const struct ct_family ct_family_oci_status;
extern const struct ct_family ct_family_oci_rss;
extern const struct ct_family ct_family_ibm_rss;
extern const struct ct_family ct_family_vultr_status;
extern const struct ct_family ct_family_vultr_alerts;
extern const struct ct_family ct_family_xai_rss;
extern const struct ct_family ct_family_uptimekuma_page;
extern const struct ct_family ct_family_uptimekuma_heartbeat;
extern const struct ct_family ct_family_rss_status;
extern const struct ct_family ct_family_azure_retail;
extern const struct ct_family ct_family_aws_spot_advisor;
extern const struct ct_family ct_family_aws_spot_feed;
extern const struct ct_family ct_family_aws_offer;
extern const struct ct_family ct_family_aws_offer_csv;
extern const struct ct_family ct_family_aws_spot_history;
extern const struct ct_family ct_family_aws_capacity_blocks;
extern const struct ct_family ct_family_gcp_skus;
extern const struct ct_family ct_family_oci_products;
extern const struct ct_family ct_family_lambda_types;
extern const struct ct_family ct_family_runpod_gputypes;
extern const struct ct_family ct_family_vast_bundles;
extern const struct ct_family ct_family_vultr_plans;
extern const struct ct_family ct_family_digitalocean_sizes;
extern const struct ct_family ct_family_verda_types;
extern const struct ct_family ct_family_scaleway_servers;
extern const struct ct_family ct_family_shadeform_types;
extern const struct ct_family ct_family_primeintellect_availability;
extern const struct ct_family ct_family_skypilot_csv;
extern const struct ct_family ct_family_ecb_rates;
extern const struct ct_family ct_family_gpurentalprices;
extern const struct ct_family ct_family_akash_prices;
extern const struct ct_family ct_family_cudo_types;
extern const struct ct_family ct_family_hyperstack_pricebook;
extern const struct ct_family ct_family_ovh_catalog;
extern const struct ct_family ct_family_litellm;
extern const struct ct_family ct_family_openrouter_models;
extern const struct ct_family ct_family_openrouter_endpoints;
extern const struct ct_family ct_family_modelsdev;
extern const struct ct_family ct_family_llmprices;
extern const struct ct_family ct_family_genaiprices;
extern const struct ct_family ct_family_portkey;
extern const struct ct_family ct_family_feed;
extern const struct ct_family ct_family_exec;
extern const struct ct_family ct_family_rows;
extern const struct ct_family ct_family_probe;

#endif
