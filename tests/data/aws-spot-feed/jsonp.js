callback({"vers": 0.01, "config": {"rate": "perhr", "valueColumns": ["linux", "mswin"], "currencies": ["USD"], "regions": [
  {"region": "us-east", "footnotes": {"*": "notAvailableForCCorCGPU"}, "instanceTypes": [
    {"type": "generalCurrentGen", "sizes": [
      {"size": "m5.large", "valueColumns": [{"name": "linux", "prices": {"USD": "0.035"}}, {"name": "mswin", "prices": {"USD": "0.127"}}]}]},
    {"type": "gpuInstance", "sizes": [
      {"size": "p3.8xlarge", "valueColumns": [{"name": "mswin", "prices": {"USD": "5.144"}}, {"name": "linux", "prices": {"USD": "3.672"}}]},
      {"size": "g6f.large", "valueColumns": [{"name": "linux", "prices": {"USD": "0.0625"}}]},
      {"size": "p4d.24xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "N/A*"}}, {"name": "mswin", "prices": {"USD": "N/A*"}}]},
      {"size": "g4dn.xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "-1"}}]},
      {"size": "g5.xlarge", "valueColumns": [{"name": "mswin", "prices": {"USD": "1.2"}}]},
      {"size": "inf1.xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "cheap"}}]}]}]},
  {"region": "eu-south-9", "footnotes": {}, "instanceTypes": [
    {"type": "gpuInstance", "sizes": [
      {"size": "trn1.32xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "2.15"}}]}]}]},
  {"region": "us-gov-west-1", "footnotes": {}, "instanceTypes": [
    {"type": "gpuInstance", "sizes": [
      {"size": "p3.8xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "1.0"}}]}]}]}
]}}
);
